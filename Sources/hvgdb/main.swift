print("hvgdb")
