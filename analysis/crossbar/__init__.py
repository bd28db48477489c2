"""Memristive synapses: layers on RRAM crossbars, their reads with ideal devices, and what a read costs."""
