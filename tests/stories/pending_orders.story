# Orders that wait: a limit below the market, a stop above it. One is filled, one is taken back, and one is refused.
program two_step_static size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00     EURUSD 1.10000 / 1.10010
            Ada leaves an order to buy 2 lots EURUSD at 1.09500 as dip, stop 1.09300
            Ada leaves an order to buy 1 lot EURUSD at 1.10500 as breakout
            expect flat
  09:30     EURUSD 1.09480 / 1.09490
            expect equity 99,980.00
            expect 1 trading days
  09:45     Ada cancels order breakout
            Ada cancels order dip
            # it has become a position, which is closed and not cancelled
            expect refused because unknown position
  10:00     EURUSD 1.10600 / 1.10610
            Ada closes dip
            expect balance 102,220.00
            expect flat
            Ada closes breakout
            expect refused because unknown position
