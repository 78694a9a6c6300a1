# Profit that is made in the minutes around a release is deducted: it counts for no target. It stays on the account, though: were it taken off
# the balance, the deduction itself would break the floor of an account that has lost since.
rules rules/news_deducted.toml size 100,000.00 USD
Ada buys the program

Friday 6 June 2025
  14:00     EURUSD 1.10000 / 1.10010
            NFP of USD is released in 30 minutes
  14:31     EURUSD 1.10100 / 1.10110
            Ada buys 10 lots EURUSD as rush at 1.10110
            expect fact RuleBroken
  14:40     EURUSD 1.10310 / 1.10320
            Ada closes rush
            expect fact ProfitExcluded
            # 2,000.00 is what the target asks, but none of it counts
            expect balance 102,000.00
            expect nothing
  15:00     Ada buys 10 lots EURUSD as later at 1.10320
  15:30     EURUSD 1.09570 / 1.09580
            # 94,500.00: 500.00 above the floor, and 1,500.00 below it if the deduction came off the balance
            expect equity 94,500.00
            expect floor of maximum_loss 94,000.00
            expect nothing
            expect standing active
  16:00     EURUSD 1.10520 / 1.10530
            Ada closes later
            # 4,000.00 in all, of which 2,000.00 counts
            expect passed with balance 104,000.00
