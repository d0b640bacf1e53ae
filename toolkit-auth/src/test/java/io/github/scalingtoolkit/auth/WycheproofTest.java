package io.github.scalingtoolkit.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Project Wycheproof's JWS vectors. They are about signatures, and their payloads are no claims: so they go to the part of
 * the verifier that decides whether a token is genuine.
 */
class WycheproofTest {
  /**
   * Vectors that contradict others or the RFC, so that no verifier satisfies all (open issue 236 of the project): 367 and
   * 370 are byte for byte the token of 357, which is valid; 372 and 373 have a question mark in them and are called valid.
   */
  private static final Map<Integer, Boolean> EXCEPTIONS =
      Map.of(367, true, 370, true, 372, false, 373, false);

  private static final ObjectMapper JSON = new ObjectMapper();

  @TestFactory
  Stream<DynamicTest> decidesEveryHmacVectorRightly() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode group : groups(true)) {
      JsonNode jwk = group.get("private");
      SigningKey key = SigningKey.of(
              Algorithm.valueOf(jwk.get("alg").textValue()),
              Base64.getUrlDecoder().decode(jwk.get("k").textValue()))
          .withId(jwk.get("kid").textValue());
      KeySet keys = KeySource.of(key).current();
      for (JsonNode test : group.get("tests")) {
        int id = test.get("tcId").intValue();
        boolean valid =
            EXCEPTIONS.getOrDefault(id, test.get("result").textValue().equals("valid"));
        tests.add(DynamicTest.dynamicTest(
            id + " " + test.get("comment").textValue(),
            () -> assertThat(refusalOf(test.get("jws"), keys) == null).isEqualTo(valid)));
      }
    }
    assertThat(tests).hasSize(40);
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> refusesEveryVectorOfOtherAlgorithmsForTheRightReason() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode group : groups(false)) {
      // The worst case: the id they name is that of one of our keys.
      SigningKey ours = SigningKey.hs256("x".repeat(32))
          .withId(group.get("private").get("kid").textValue());
      KeySet keys = KeySource.of(ours).current();
      for (JsonNode test : group.get("tests")) {
        tests.add(DynamicTest.dynamicTest(
            test.get("tcId").intValue() + " " + test.get("comment").textValue(),
            () ->
                assertThat(refusalOf(test.get("jws"), keys)).isEqualTo(expected(test.get("jws")))));
      }
    }
    assertThat(tests).hasSize(361);
    return tests.stream();
  }

  @Test
  void verifiesAndMakesTheExampleOfRfc7515() {
    SigningKey key = SigningKey.of(
        Algorithm.HS256,
        Base64.getUrlDecoder()
            .decode(
                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
    byte[] input = ("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ")
        .getBytes(StandardCharsets.US_ASCII);

    String signature = Base64Url.encode(key.sign(input, 0, input.length));

    assertThat(signature).isEqualTo("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  }

  private static RejectCode refusalOf(JsonNode jws, KeySet keys) {
    try {
      Jws token = Jws.split(jws.isTextual() ? jws.textValue() : jws.toString());
      token.authenticate(token.header(KnownHeaders.noneOf(keys), keys).key());
      return token.decodePayload() < 0 ? RejectCode.MALFORMED : null;
    } catch (Reject reject) {
      return reject.code();
    }
  }

  /** Shape first, then what the header asks for. */
  private static RejectCode expected(JsonNode jws) throws IOException {
    String[] segments = jws.isTextual() ? jws.textValue().split("\\.", -1) : new String[0];
    if (segments.length != 3 || segments[0].isEmpty() || segments[1].isEmpty()) {
      return RejectCode.MALFORMED;
    }
    JsonNode header = JSON.readTree(Base64.getUrlDecoder().decode(segments[0]));
    if (header.has("jwk")) {
      return RejectCode.UNSUPPORTED_HEADER;
    }
    return header.get("alg").textValue().equals("HS256")
        ? RejectCode.BAD_SIGNATURE
        : RejectCode.WRONG_ALGORITHM;
  }

  private static List<JsonNode> groups(boolean hmac) throws IOException {
    List<JsonNode> groups = new ArrayList<>();
    try (InputStream file =
        WycheproofTest.class.getResourceAsStream("/wycheproof/json_web_signature_test.json")) {
      for (JsonNode group : JSON.readTree(file).get("testGroups")) {
        if (group.get("private").get("kty").textValue().equals("oct") == hmac) {
          groups.add(group);
        }
      }
    }
    return groups;
  }
}
