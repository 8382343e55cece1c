import Logging

/// Writes diagnostics as plain lines to standard error: `hvgdb: …`, `hvgdb: warning: …`.
struct DiagnosticsHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.notice

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    complain(event.level >= .warning ? "\(event.level): \(event.message)" : "\(event.message)")
  }
}
