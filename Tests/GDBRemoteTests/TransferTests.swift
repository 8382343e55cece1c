import Testing

@testable import GDBRemote

/// Documents read in pieces.
@Suite("Transfers")
struct TransferTests {
  /// Reads a document in pieces of `length` bytes.
  private func read(_ object: String, _ client: Client, length: Int) throws -> String {
    var document: [UInt8] = []
    while true {
      let offset = String(document.count, radix: 16)
      let reply = try client.ask(Array("qXfer:\(object):\(offset),\(String(length, radix: 16))".utf8))
      let piece = try Client.unescape(reply.dropFirst())
      #expect(piece.count <= length)
      document += piece
      if reply.first == UInt8(ascii: "l") { return String(decoding: document, as: UTF8.self) }
      try #require(reply.first == UInt8(ascii: "m") && !piece.isEmpty)
    }
  }

  static let description = """
    <?xml version="1.0"?>
    <!DOCTYPE target SYSTEM "gdb-target.dtd">
    <target version="1.0">
      <architecture>i386:x86-64</architecture>
      <osabi>none</osabi>
      <feature name="org.example.core">
        <flags id="example_flags" size="4">
          <field name="IF" start="9" end="9"/>
          <field name="IOPL" start="12" end="13"/>
        </flags>
        <reg name="r0" bitsize="64" type="int64" regnum="0"/>
        <reg name="sp" bitsize="64" type="data_ptr" regnum="1"/>
        <reg name="hidden" bitsize="64" type="int64" regnum="2"/>
        <reg name="pc" bitsize="64" type="code_ptr" regnum="3"/>
        <reg name="flags" bitsize="32" type="example_flags" regnum="4"/>
      </feature>
      <feature name="org.example.vector">
        <vector id="v4f" type="ieee_single" count="4"/>
        <union id="vec">
          <field name="v4_float" type="v4f"/>
          <field name="uint128" type="uint128"/>
        </union>
        <reg name="v&lt;0&gt;" bitsize="128" type="vec" regnum="5" group="vector" save-restore="no"/>
      </feature>
    </target>

    """

  @Test("the target description is the register table", arguments: [1, 7, 100, 0x10_0000])
  func targetDescription(_ length: Int) throws {
    #expect(try read("features:read:target.xml", Client(), length: length) == Self.description)
  }

  @Test("the list of threads is made anew for each reading")
  func threads() throws {
    let client = Client()
    let list = """
      <?xml version="1.0"?>
      <threads>
        <thread id="1">CPU 0 [&quot;ring 0&quot; &amp; &lt;idle&gt;]</thread>
        <thread id="2">CPU 1 [&quot;ring 0&quot; &amp; &lt;idle&gt;]</thread>
        <thread id="a">CPU 9 [&quot;ring 0&quot; &amp; &lt;idle&gt;]</thread>
      </threads>

      """
    for length in [3, 1000] { #expect(try read("threads:read:", client, length: length) == list) }
    client.target.threads = [ThreadID(2)]
    #expect(try read("threads:read:", client, length: 50).contains("CPU 0") == false)
  }

  @Test("at the document's end there is nothing more, past it an error")
  func end() throws {
    let client = Client()
    let end = String(Self.description.utf8.count, radix: 16)
    #expect(try client.ask("qXfer:features:read:target.xml:\(end),10") == "l")
    let past = String(Self.description.utf8.count + 1, radix: 16)
    #expect(try client.ask("qXfer:features:read:target.xml:\(past),10") == "E16")
    #expect(try client.ask("qXfer:features:read:target.xml:0,0") == "m")
  }
}
