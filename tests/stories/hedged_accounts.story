# Ada holds on one account against what she holds on another. The account whose deal did it is the one that broke the rule: warned
# the first time, before a person the second. What Ben holds is his own, and what one account holds both ways is no matter of two.
rules rules/together.toml
Ada buys the program as Ada-1
Ada buys the program as Ada-2
Ben buys the program

Tuesday 10 June 2025
  09:00  EURUSD 1.10000 / 1.10010
         Ada-1 buys 3 lots EURUSD as long
         Ada-1 sells 1 lot EURUSD as own-hedge
         Ben sells 3 lots EURUSD as bens
         expect of Ada-1: nothing
         expect of Ben: nothing
  09:05  Ada-2 sells 1 lot EURUSD as short
         expect of Ada-2: breach of no_hedge
         expect of Ada-2: standing active
         expect of Ada-1: nothing
  09:06  Ada-2 sells 1 lot EURUSD as more
         # it is the same breach until it is kept again
         expect of Ada-2: nothing
  09:10  Ada-2 closes short
         Ada-2 closes more
         expect of Ada-2: fact RuleKeptAgain
  09:30  Ada-2 sells 0.5 lots EURUSD as again
         expect of Ada-2: suspected breach of no_hedge because review required
         expect of Ada-2: standing under_review
         expect of Ada-1: standing active
  10:00  Ruth confirms the breach of no_hedge by Ada-2, because it is a hedge
         expect of Ada-2: breach of no_hedge
         expect of Ada-2: standing breached
