"""snnhw takes multi-level-firing spiking networks from PyTorch to neuromorphic hardware and prices them there."""
