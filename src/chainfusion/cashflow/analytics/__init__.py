"""What a deal's cash is worth, how much its notes withstand, and how likely losses are.

errors        what is refused
framed        results that are frames, for notebooks
solve         roots, and the largest whole number for which something holds
deal          a deal that can be run: terms, periods, program
cash          one class's dated cash, from a run or by hand
basis         how a yield compounds and time is counted
value         price, yield, accrued interest, average life, durations, convexity
margin        discount margin of floating notes
enhancement   subordination, overcollateralization, reserve over time
study         a pool and a deal under scenarios: losses, lives
stress        break-even multiples, rating stress grids
sensitivity   prepayment by default: lives, losses, yields
sizing        the largest senior class that withstands stresses; the coupon that prices to par
normal        the normal distribution, and its inverse
draws         random numbers that do not depend on how paths are cut into batches
rates         paths of a short rate: Vasicek, Hull-White
copula        defaults of a large pool that share one factor
monte_carlo   a deal over many random paths
"""
