# The index rests from 17:00 to 18:00 in New York, and this program's day begins at 17:00, from equity. The new day hangs from the last price before the
# rest and not from the first one after it: the gap between them is the new day's loss, and is more than the day allows.
rules rules/from_equity.toml size 100,000.00 USD
Ada buys the program

Tuesday 3 June 2025
  16:00     US500 5900.00 / 5900.50
            Ada buys 25 lots US500 as p1, stop 5500.00
  16:59:58  US500 5910.00 / 5910.50
  17:00:10  # 9.50 points at 250.00 each
            expect day begins with balance 100,000.00, equity 102,375.00, final
            expect floor of daily_loss 98,375.00
            expect nothing
  17:30     Ada closes p1
            expect refused because market closed
  18:00:02  US500 5893.50 / 5894.00
            # a gap of 16.50 points: 7.00 below where it was bought
            expect breach of daily_loss at equity 98,250.00, floor 98,375.00
            expect day begins with balance 100,000.00, equity 102,375.00, final
            expect standing breached
