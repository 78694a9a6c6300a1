# On 26 October 2025 the hour from 02:00 to 03:00 comes twice in Prague: that trading day has 25 hours, and a time in it must say which is meant.
program two_step_static size 100,000.00 USD
Ada buys the program

Sunday 26 October 2025
  02:30 CEST  expect day of 25 hours
  02:30 CET   nothing happens
  22:30       # the market has opened: it is 17:30 in New York
              EURUSD 1.16000 / 1.16010
              Ada buys 1 lot EURUSD as p1, stop 1.15000
  23:59:59    expect day of 25 hours
              expect 1 trading days

Monday 27 October 2025
  00:00:30    expect day of 24 hours
              expect day begins with balance 100,000.00, equity 99,990.00, final
              expect nothing
