package io.github.scalingtoolkit.core.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientAddressTest {
  private final ClientAddress proxies =
      ClientAddress.behind("10.0.0.0/8", "192.0.2.7", "fd00::/9", "2001:db8:1::/60");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "203.0.113.5 | 198.51.100.1              | 203.0.113.5",
        "10.1.2.3    | 198.51.100.1              | 198.51.100.1",
        "10.1.2.3    | 1.1.1.1, 198.51.100.1     | 198.51.100.1",
        "10.1.2.3    | 198.51.100.1,10.9.9.9     | 198.51.100.1",
        "10.1.2.3    | 198.51.100.1;192.0.2.7    | 198.51.100.1",
        "10.1.2.3    | 10.0.0.1,10.0.0.2         | 10.0.0.1",
        "10.1.2.3    | 198.51.100.1:4711         | 198.51.100.1",
        "10.1.2.3    | [2001:db8:9::1]:443       | 2001:db8:9::1",
        "fd12::1     | 2001:db8:1:f::1, fd7f::2  | 2001:db8:1:f::1",
        "fd80::1     | 198.51.100.1              | fd80::1",
        "2001:db8:1:e::9 | 198.51.100.1          | 198.51.100.1",
        "2001:db8:1:10::9 | 198.51.100.1         | 2001:db8:1:10::9",
        "::ffff:10.1.2.3 | 198.51.100.1          | 198.51.100.1",
        "192.0.2.8   | 198.51.100.1              | 192.0.2.8",
      })
  void theClientIsTheLastAddressThatIsNotATrustedProxy(String peer, String headers, String client)
      throws UnknownHostException {
    InetAddress found = proxies.of(InetAddress.getByName(peer), Arrays.asList(headers.split(";")));

    assertThat(found).isEqualTo(InetAddress.getByName(client));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "unknown",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "0x7f.1",
        "2130706433",
        ":",
        "fe80::1%eth0",
        "::g",
        "[::1",
        "198.51.100.1 x"
      })
  void whatIsNoAddressIsNotLookedUpAndLeavesTheProxyAsTheClient(String entry)
      throws UnknownHostException {
    InetAddress proxy = InetAddress.getByName("10.1.2.3");

    assertThat(proxies.of(proxy, List.of("198.51.100.1," + entry))).isEqualTo(proxy);
  }

  @Test
  void withoutTrustedProxiesTheHeaderIsNotRead() throws UnknownHostException {
    InetAddress peer = InetAddress.getByName("127.0.0.1");

    assertThat(ClientAddress.behind().of(peer, List.of("198.51.100.1"))).isEqualTo(peer);
  }

  @Test
  void withoutTheHeaderThePeerIsTheClient() throws UnknownHostException {
    InetAddress peer = InetAddress.getByName("10.1.2.3");

    assertThat(proxies.of(peer, List.of())).isEqualTo(peer);
    assertThat(proxies.of(peer, null)).isEqualTo(peer);
  }

  @Test
  void aHeaderThatNeverEndsIsReadForAWhileOnly() throws UnknownHostException {
    String endless = "198.51.100.1," + "10.0.0.1,".repeat(10_000) + "10.0.0.2";

    assertThat(proxies.of(InetAddress.getByName("10.1.2.3"), List.of(endless)))
        .isEqualTo(InetAddress.getByName("10.0.0.1"));
  }

  @Test
  void ipv6ClientsOfOneSiteShareAKey() throws UnknownHostException {
    String one = ClientAddress.key(InetAddress.getByName("2001:db8:aa:bb00::1"));
    String neighbour = ClientAddress.key(InetAddress.getByName("2001:db8:aa:bbff:1:2:3:4"));
    String stranger = ClientAddress.key(InetAddress.getByName("2001:db8:aa:bc00::1"));

    assertThat(one).isEqualTo("20010db800aabb").isEqualTo(neighbour).isNotEqualTo(stranger);
    assertThat(ClientAddress.key(InetAddress.getByName("192.0.2.1"))).isEqualTo("c0000201");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10.0.0.0/33", "10.0.0.0/", "::/129", "proxy.example", "10.0.0/8"})
  void refusesWhatIsNoNetwork(String network) {
    assertThatIllegalArgumentException().isThrownBy(() -> ClientAddress.behind(network));
  }
}
