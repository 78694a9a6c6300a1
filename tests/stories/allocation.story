# One trader may be given 250,000.00 in all: a third account of 100,000.00 is refused at the sale, until another one is over.
rules rules/together.toml
Ada buys the program as Ada-1
Ada buys the program as Ada-2
Ben buys the program

Tuesday 10 June 2025
  09:00  EURUSD 1.10000 / 1.10010
         Ada buys the program as Ada-3
         expect of Ada-3: refused because allocation exceeded
         Ada-1 buys 5 lots EURUSD as long
  09:30  EURUSD 1.09000 / 1.09010
         expect of Ada-1: breach of daily_loss
         expect of Ada-1: standing breached
  09:31  Ada buys the program as Ada-4
         expect of Ada-4: standing active
         expect of Ben: nothing
