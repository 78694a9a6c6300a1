# One position held over two nights is two breaches: the first warns, the second ends the account.
rules rules/nights.toml size 100,000.00 USD
Ada buys the program

Tuesday 3 June 2025
  09:00  EURUSD 1.10000 / 1.10010
         Ada buys 0.1 lots EURUSD as a
  21:30  expect breach of nights
         expect standing active
Wednesday 4 June 2025
  12:00  EURUSD 1.10000 / 1.10010
         expect standing active
  21:30  expect breach of nights
         expect standing breached
