"""Where the prices of what the platform lists begin in the histories of this room, in points."""

BEGINS = {
    "EURUSD": 138_700, "XAUUSD": 1_290_000, "GBPUSD": 168_500, "USDJPY": 102_300, "EURGBP": 82_300, "USDCZK": 197_800,
    "US500": 188_000, "DE40": 95_000,
}  # fmt: skip
