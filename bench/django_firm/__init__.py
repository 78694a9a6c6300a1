"""Django firm: the list of accounts as a firm would have it from Django's admin: what ours is compared with. Never imported by the firm."""
