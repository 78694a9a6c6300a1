# The platform's staff correct and delete deals after the fact. The book follows them, and so does what the rules are measured by.
program two_step_static size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00     EURUSD 1.10000 / 1.10010
            Ada buys 2 lots EURUSD as first at 1.10010
  10:00     EURUSD 1.10510 / 1.10520
            Ada closes first
            expect balance 101,000.00
  10:30     profit of first is corrected to 900.00
            expect fact DealCorrected
            expect balance 100,900.00
  11:00     Ada buys 1 lot EURUSD as second at 1.10520
            price of second is corrected to 1.10510
            expect equity 100,900.00
  11:30     Ada closes second
            expect balance 100,900.00
            # closed at what it was opened at: nothing is left of it. Then the closing is taken out of the history, and it is open again
            deal of second is deleted
            expect fact DealCorrected
  11:31     EURUSD 1.10610 / 1.10620
            expect equity 101,000.00
            expect balance 100,900.00
