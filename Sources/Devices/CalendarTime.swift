/// A point in time as the registers of a clock chip hold it, in the Gregorian calendar.
///
/// The fields are what somebody wrote to the registers; they may name a time that does not exist.
struct CalendarTime: Equatable, Sendable {
  var second: Int
  var minute: Int
  /// 0 to 23.
  var hour: Int
  /// 1 to 31.
  var day: Int
  /// 1 to 12.
  var month: Int
  /// With the century.
  var year: Int

  static let secondsPerDay: Int64 = 86_400
  /// The end of the year 9999 in seconds since 1970: the registers show no later one.
  static let lastSecond: Int64 = 253_402_300_799

  // A year that begins in March has its leap day at the end; 400 of them repeat exactly.
  private static let daysPerEra = 146_097
  private static let yearsPerEra = 400
  /// From 1 March of the year 0 to 1 January 1970.
  private static let daysToEpoch = 719_468

  /// The time a number of seconds after the start of 1970.
  init(secondsSinceEpoch seconds: Int64) {
    let (days, secondOfDay) = seconds.flooredDivision(by: Self.secondsPerDay)
    second = Int(secondOfDay % 60)
    minute = Int(secondOfDay / 60 % 60)
    hour = Int(secondOfDay / 3600)

    let (era, dayOfEra) = (Int(days) + Self.daysToEpoch).flooredDivision(by: Self.daysPerEra)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = era * Self.yearsPerEra + yearOfEra + (month <= 2 ? 1 : 0)
  }

  /// Seconds from the start of 1970; days and times past their range carry over, a month outside 1 to 12 counts as the nearest.
  var secondsSinceEpoch: Int64 {
    let month = min(max(month, 1), 12)
    let (era, yearOfEra) = (year - (month <= 2 ? 1 : 0)).flooredDivision(by: Self.yearsPerEra)
    let monthFromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = Int64(era * Self.daysPerEra + dayOfEra - Self.daysToEpoch)
    return days * Self.secondsPerDay + Int64(hour * 3600 + minute * 60 + second)
  }

  /// 1 for Sunday to 7 for Saturday.
  var weekday: Int {
    let days = secondsSinceEpoch.flooredDivision(by: Self.secondsPerDay).quotient
    // The first day of 1970 was a Thursday.
    return Int((days + 4).flooredDivision(by: 7).remainder) + 1
  }
}

extension SignedInteger {
  /// The quotient rounded down, and the remainder that is never negative; `divisor` is positive.
  fileprivate func flooredDivision(by divisor: Self) -> (quotient: Self, remainder: Self) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
