import Foundation

/// Figures as a table's cells say them.
enum Cell {
  /// What was not measured.
  static let nothing = "–"

  /// The median, with the least and the greatest.
  static func samples(_ samples: Samples?, digits: Int) -> String {
    guard let samples, let median = samples.median, let range = samples.range else { return nothing }
    let (least, most) = (number(range.lowerBound, digits: digits), number(range.upperBound, digits: digits))
    return "\(number(median, digits: digits)) (\(least)–\(most))"
  }

  /// A number with so many digits after the point.
  static func number(_ value: Double?, digits: Int) -> String {
    guard let value else { return nothing }
    return value.formatted(.number.precision(.fractionLength(digits)).locale(Locale(identifier: "en_US")))
  }
}
