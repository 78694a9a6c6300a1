# On 30 March 2025 the clocks in Prague pass from 02:00 to 03:00: that trading day has 23 hours. Who counts days in seconds
# would begin the Monday at 01:00.
program two_step_static size 100,000.00 USD
Ada buys the program

Sunday 30 March 2025
  01:59:59  expect day of 23 hours
  03:00     nothing happens
  23:30     EURUSD 1.08000 / 1.08010
            Ada buys 3 lots EURUSD as p1 at 1.08010

Monday 31 March 2025
  00:00:30  expect day of 24 hours
            expect day begins with balance 100,000.00, equity 99,970.00, final
            Ada closes p1
            expect balance 99,970.00
            # the floor hangs from this midnight's balance, of before the close
            expect floor of daily_loss 95,000.00
            expect 1 trading days
