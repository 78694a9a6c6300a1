# No day may have made more than 40 % of all profit once the target is made: Ada makes hers in one day and a bit, and the account ends where
# another would have passed. Ben has a day that is as good, and misses the target by ten until a third day makes both small enough.
rules rules/no_lucky_day.toml size 100,000.00 USD
Ada buys the program
Ben buys the program

Monday 2 June 2025
  10:00  EURUSD 1.10000 / 1.10010
         Ada buys 10 lots EURUSD as big at 1.10000
         Ben buys 10 lots EURUSD as first at 1.10000
  11:00  EURUSD 1.10400 / 1.10410
         Ada closes big
         Ben closes first
         # 4,000.00 are all of the profit, and nothing is asked yet
         expect of Ada: nothing
         expect of Ben: nothing

Tuesday 3 June 2025
  10:00  EURUSD 1.10000 / 1.10010
         Ada buys 10 lots EURUSD as rest at 1.10000
         Ben buys 10 lots EURUSD as second at 1.10000
  11:00  EURUSD 1.10399 / 1.10409
         Ben closes second
         expect of Ben: nothing
         # 7,990.00 are not enough
         Ada closes 5 lots of rest
         expect of Ada: nothing
  12:00  EURUSD 1.10401 / 1.10411
         Ada closes rest
         expect of Ada: balance 108,000.00
         expect of Ada: breach of lucky_day
         expect of Ada: standing breached

Wednesday 4 June 2025
  10:00  EURUSD 1.10000 / 1.10010
         Ben buys 10 lots EURUSD as third at 1.10000
  11:00  EURUSD 1.10201 / 1.10211
         Ben closes third
         expect of Ben: balance 110,000.00
         expect of Ben: passed with balance 110,000.00
