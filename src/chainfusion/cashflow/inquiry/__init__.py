"""What people ask of a deal's cash, by name and in words, and the answers as tables: one place for every door.

answer     a table whose columns say what their figures are
words      figures as they are typed, and the refusal of what cannot be read
inquiry    the questions there are, and what each is asked with
worth      price and yield, enhancement
strength   stresses, break-even, sensitivity, sizes, coupons
chances    random paths
"""
