# One trader has several accounts of one program: each is judged by itself, and no more are sold than the program allows. That the
# two are each other's hedge does not save the one that loses.
program two_step_static size 100,000.00 USD
Ada buys the program as Ada-1
Ada buys the program as Ada-2
Ben buys the program

Monday 2 June 2025
  09:00  EURUSD 1.10000 / 1.10010
         Ada-1 buys 5 lots EURUSD as long
         Ada-2 sells 5 lots EURUSD as short
         Ada buys the program as Ada-3
         expect of Ada-3: standing active
  09:30  Ada buys the program as Ada-4
         # three accounts are all that this program sells to one trader
         expect of Ada-4: refused because too many accounts
  10:00  EURUSD 1.08990 / 1.09000
         expect of Ada-1: breach of daily_loss at equity 94,900.00, floor 95,000.00
         expect of Ada-1: standing breached
         expect of Ada-2: equity 105,000.00
         expect of Ada-2: standing active
         expect of Ada-3: nothing
         expect of Ben: nothing
