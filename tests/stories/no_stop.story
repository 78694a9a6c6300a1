# These rules ask for a stop within five minutes of opening. Who sets none is warned at the next look after that: rules of this kind are looked at once
# a minute. Who sets one is not.
program crypto_daily_trail size 100,000.00 USD
Ada buys the program
Ben buys the program

Monday 2 June 2025
  10:00  EURUSD 1.10000 / 1.10010
         Ada buys 1 lot EURUSD as ada-1
         Ben buys 1 lot EURUSD as ben-1, stop 1.09500
  10:04  expect of Ada: nothing
  10:07  expect of Ada: breach of stop_loss
         expect of Ada: standing active
         expect of Ben: nothing
