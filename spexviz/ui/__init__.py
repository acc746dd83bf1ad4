"""The dashboard: the shell, what lives as long as the server, and the widgets that pages are made of."""
