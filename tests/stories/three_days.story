# A phase that asks for days and trades alone: whoever trades on three days and closes four trades has passed, with a profit or without. A day
# counts when something is opened on it, and a position that is closed in two parts is one trade.
rules rules/three_days.toml size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  10:00  EURUSD 1.10000 / 1.10010
         Ada buys 2 lots EURUSD as one at 1.10010
         Ada closes 1 lots of one
         Ada closes one
         expect nothing

Tuesday 3 June 2025
  10:00  EURUSD 1.10000 / 1.10010
         Ada buys 1 lots EURUSD as two at 1.10010
         Ada closes two
         Ada buys 1 lots EURUSD as three at 1.10010
         Ada closes three
         expect nothing

Wednesday 4 June 2025
  10:00  EURUSD 1.10000 / 1.10010
         Ada buys 1 lots EURUSD as four at 1.10010
         # the third day, and three trades
         expect 3 trading days
         expect nothing
         Ada closes four
         expect passed with balance 99,950.00
         expect standing passed
