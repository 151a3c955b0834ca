"""Every fault we can name, over real sockets, judged by the server's ledger and not by the client's word."""
