import ArgumentParser
import HVGDBCommand

HVGDB.main()
