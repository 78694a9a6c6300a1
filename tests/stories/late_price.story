# One price is told twenty seconds after its instant. At it the account had fallen below a floor that follows every high; by the time it is known
# the market has come back. These rules have a person look at what is found late.
rules rules/below_the_peak.toml size 100,000.00 USD
Ada buys the program
Ben buys the program

Tuesday 3 June 2025
  10:00     EURUSD 1.10000 / 1.10010
            Ada buys 5 lots EURUSD as ada-1 at 1.10010
            Ben buys 5 lots EURUSD as ben-1 at 1.10010
  10:30     EURUSD 1.10610 / 1.10620
            # 103,000.00 is the peak, so the floor is 99,000.00
            expect of Ada: floor of trailing_loss 99,000.00
  10:40:00  EURUSD 1.09800 / 1.09810, told 10:40:20
  10:40:01  EURUSD 1.10400 / 1.10410
            expect of Ada: nothing
  10:40:30  expect of Ada: suspected breach of trailing_loss at equity 98,950.00, floor 99,000.00 because late data
            expect of Ada: standing under review
            expect of Ben: standing under review
  10:50     Ruth confirms the breach of trailing_loss by Ada, because the price was traded elsewhere too
            Ruth dismisses the breach of trailing_loss by Ben, because his platform never showed it
            expect of Ada: breach of trailing_loss at equity 98,950.00, floor 99,000.00
            expect of Ada: standing breached
            expect of Ben: decision dismissed
            expect of Ben: standing active
