# The firm publishes stricter rules. Ada bought before and keeps hers; Ben buys after it and is sold the new ones.
rules rules/daily_five.toml size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00  EURUSD 1.10000 / 1.10010
         Ada buys 3 lots EURUSD as ada-1 at 1.10010
         expect of Ada: floor of daily_loss 95,000.00
  10:00  the program is published anew with rules rules/daily_three.toml
         Ben buys the program
         expect of Ben: floor of daily_loss 97,000.00
         expect of Ada: floor of daily_loss 95,000.00
         Ben buys 3 lots EURUSD as ben-1 at 1.10010
  11:00  EURUSD 1.09000 / 1.09010
         # 1,010 points on 3 lots are 3,030.00: to the one allowed, to the other a breach
         expect of Ada: equity 96,970.00
         expect of Ada: nothing
         expect of Ben: breach of daily_loss at equity 96,970.00, floor 97,000.00

Tuesday 3 June 2025
  09:00  EURUSD 1.09000 / 1.09010
         # nor does the night bring Ada the new ones
         expect of Ada: floor of daily_loss 95,000.00
