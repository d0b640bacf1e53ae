package io.github.scalingtoolkit.benchmarks.scale;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The shape of a Kubernetes service on one machine: each replica has a network namespace and an address of its own, and
 * each service address is spread over some of them by connection, as kube-proxy's iptables rules do it. It is no Kubernetes:
 * there is no kubelet, no CNI, no ingress and no second machine.
 *
 * <p>It is made inside a network namespace that this program itself was started in ({@link PrivateNetwork}), so nothing
 * of the machine's own network is touched, and all of it is gone with the last process.
 */
public final class PodNetwork {
  /** Where replicas find what listens on this program's loopback address. */
  static final String GATEWAY = "10.77.0.1";
  /** Where each replica listens. */
  static final int PORT = 3000;
  /** Starts what follows in a new network namespace, once its network is there. */
  static final List<String> IN_A_POD =
      List.of("unshare", "--net", "sh", "-c", "read go && exec \"$@\"", "pod");

  private static final String SERVICES = "10.77.1.";
  private static final String PODS = "10.77.0.";
  private static final int MOST = 240;

  private final Set<Integer> reachable = new HashSet<>();
  private int plugged;
  private int balanced;

  /**
   * Makes the bridge.
   *
   * @throws NotRunException if this program has no network of its own, or it cannot be set up
   */
  public PodNetwork() throws IOException, InterruptedException, NotRunException {
    if (!PrivateNetwork.inside()) {
      throw new NotRunException("network namespaces are not permitted here (unshare --net failed)");
    }
    for (String tool : List.of("ip", "iptables", "nsenter")) {
      if (Artifacts.onPath(tool).isEmpty()) {
        throw new NotRunException(tool + " is not installed");
      }
    }
    run("ip link add br0 type bridge");
    run("ip addr add " + GATEWAY + "/24 dev br0");
    run("ip link set br0 up");
    // Packets for them never leave: if a rule is missing, no other machine is asked.
    run("ip route add " + SERVICES + "0/24 dev br0");
    run("sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.br0.route_localnet=1");
  }

  /** Lets replicas reach what listens on these ports of the loopback address. */
  void reachStores(List<Integer> ports) throws IOException, InterruptedException, NotRunException {
    for (int port : ports) {
      if (reachable.add(port)) {
        run("iptables -t nat -A PREROUTING -i br0 -d " + GATEWAY + " -p tcp --dport " + port
            + " -j DNAT --to-destination 127.0.0.1:" + port);
      }
    }
  }

  /**
   * Plugs the namespace of the process {@code pid} in, and returns its address. No address is used twice: what the bridge
   * knows of one that has ended must not be asked.
   */
  String plug(long pid) throws IOException, InterruptedException, NotRunException {
    awaitOwnNamespace(pid);
    String address = PODS + (10 + next(plugged++));
    String host = "veth" + pid;
    run("ip link add " + host + " type veth peer name eth0 netns " + pid);
    run("ip link set " + host + " master br0 up");
    String inside = "nsenter -t " + pid + " -n ip ";
    run(inside + "link set lo up");
    run(inside + "addr add " + address + "/24 dev eth0");
    run(inside + "link set eth0 up");
    run(inside + "route add default via " + GATEWAY);
    return address;
  }

  /** Spreads a new address over these replicas, with kube-proxy's odds: 1/n, 1/(n-1), …, 1. */
  URI balance(List<String> replicas) throws IOException, InterruptedException, NotRunException {
    String service = SERVICES + (1 + next(balanced++));
    int count = replicas.size();
    for (int i = 0; i < count; i++) {
      String odds =
          i == count - 1 ? "" : " -m statistic --mode random --probability " + 1.0 / (count - i);
      run("iptables -t nat -A OUTPUT -d " + service + " -p tcp --dport 80" + odds
          + " -j DNAT --to-destination " + replicas.get(i) + ":" + PORT);
    }
    return URI.create("http://" + service + ":80");
  }

  private static int next(int used) throws NotRunException {
    if (used >= MOST) {
      throw new NotRunException("a session has " + MOST + " addresses and all were used");
    }
    return used;
  }

  private static void awaitOwnNamespace(long pid)
      throws IOException, InterruptedException, NotRunException {
    String ours = namespace("self");
    for (int i = 0; i < 500; i++) {
      if (!namespace(Long.toString(pid)).equals(ours)) {
        return;
      }
      Thread.sleep(10);
    }
    throw new NotRunException("process " + pid + " got no network namespace of its own");
  }

  private static String namespace(String pid) throws IOException {
    return java.nio.file.Files.readSymbolicLink(java.nio.file.Path.of("/proc", pid, "ns/net"))
        .toString();
  }

  private static void run(String command)
      throws IOException, InterruptedException, NotRunException {
    Process process = new ProcessBuilder(new ArrayList<>(List.of(command.split(" "))))
        .redirectErrorStream(true)
        .start();
    String printed =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0) {
      throw new NotRunException("'" + command + "' failed: " + printed);
    }
  }
}
