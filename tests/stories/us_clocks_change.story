# New York puts its clocks forward on 9 March 2025, Europe three weeks later: in between the platform's day ends at 22:00 in Prague and
# not at 23:00. A program whose day is New York's follows New York; the day on which the clocks change has 23 hours.
program one_step_equity_target size 100,000.00 USD
zone Europe/Prague
Ada buys the program

Friday 7 March 2025
  22:30     EURUSD 1.08000 / 1.08010
            expect day of 24 hours
  22:59:59  expect nothing
  23:00     expect day of 24 hours

Sunday 9 March 2025
  12:00     # Saturday 17:00 EST to Sunday 17:00 EDT
            expect day of 23 hours
  22:00:05  EURUSD 1.08010 / 1.08020
            expect day of 24 hours

Monday 10 March 2025
  21:30     EURUSD 1.08100 / 1.08110
            Ada buys 1 lot EURUSD as p1, stop 1.07800
  21:59:59  expect day begins with balance 100,000.00
  22:00:30  # the new day has begun, an hour before it did last week
            expect day begins with balance 100,000.00, equity 99,990.00, final
