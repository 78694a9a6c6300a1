# A dividend is profit or loss of trading, and no deposit: who holds a stock index long is paid, who holds it short pays.
program two_step_static size 100,000.00 USD
Ada buys the program
Ben buys the program

Monday 2 June 2025
  16:00     US500 5900.00 / 5900.50
            Ada buys 1 lot US500 as long
            Ben sells 1 lot US500 as short
  23:00     dividend of long 12.40
            dividend of short -12.40
            expect of Ada: fact DividendBooked
            expect of Ada: balance 100,012.40
            expect of Ben: fact DividendBooked
            expect of Ben: balance 99,987.60
            expect of Ben: nothing
