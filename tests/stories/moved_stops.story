# A stop that is moved up saves a profit; one that was taken away saves nothing; and a stop on the wrong side is refused.
program two_step_static size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00     EURUSD 1.10000 / 1.10010
            Ada buys 2 lots EURUSD as a at 1.10010, stop 1.09500
            Ada buys 1 lot EURUSD as b at 1.10010, stop 1.09900
            Ada moves stop of a to 1.10100
            expect refused because invalid stops
  10:00     EURUSD 1.10500 / 1.10510
            Ada moves stop of a to 1.10300
            Ada moves target of a to 1.11000
            Ada removes stop of b
  11:00     EURUSD 1.10300 / 1.10310
            # the stop of a is reached: 290 points on two lots
            expect balance 100,580.00
  12:00     EURUSD 1.09800 / 1.09810
            expect balance 100,580.00
            expect equity 100,370.00
