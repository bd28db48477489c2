"""What every file from outside passes before anything is made of it, and every text before it is shown or written."""
