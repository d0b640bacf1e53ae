package io.github.scalingtoolkit.auth;

import static io.github.scalingtoolkit.auth.RejectCode.BAD_SIGNATURE;
import static io.github.scalingtoolkit.auth.RejectCode.EXPIRED;
import static io.github.scalingtoolkit.auth.RejectCode.INVALID_CLAIM;
import static io.github.scalingtoolkit.auth.RejectCode.MALFORMED;
import static io.github.scalingtoolkit.auth.RejectCode.MISSING_CLAIM;
import static io.github.scalingtoolkit.auth.RejectCode.NOT_YET_VALID;
import static io.github.scalingtoolkit.auth.RejectCode.TOO_LARGE;
import static io.github.scalingtoolkit.auth.RejectCode.UNKNOWN_KEY;
import static io.github.scalingtoolkit.auth.RejectCode.UNSUPPORTED_HEADER;
import static io.github.scalingtoolkit.auth.RejectCode.WRONG_ALGORITHM;
import static io.github.scalingtoolkit.auth.RejectCode.WRONG_AUDIENCE;
import static io.github.scalingtoolkit.auth.RejectCode.WRONG_ISSUER;
import static io.github.scalingtoolkit.auth.RejectCode.WRONG_TYPE;
import static io.github.scalingtoolkit.auth.Tokens.AUDIENCE;
import static io.github.scalingtoolkit.auth.Tokens.CLAIMS;
import static io.github.scalingtoolkit.auth.Tokens.HEADER;
import static io.github.scalingtoolkit.auth.Tokens.ISSUER;
import static io.github.scalingtoolkit.auth.Tokens.KEY;
import static io.github.scalingtoolkit.auth.Tokens.NOW;
import static io.github.scalingtoolkit.auth.Tokens.claims;
import static io.github.scalingtoolkit.auth.Tokens.codeOf;
import static io.github.scalingtoolkit.auth.Tokens.header;
import static io.github.scalingtoolkit.auth.Tokens.signed;
import static io.github.scalingtoolkit.auth.Tokens.signedSegments;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tokens with one thing wrong each. Unless that thing is the signature, they are signed with the right key. */
class HostileTokenTest {
  private static final String GOOD = signed(HEADER, CLAIMS);
  private static final String KID = KEY.id();
  private static final String H = GOOD.substring(0, GOOD.indexOf('.'));
  private static final String P = GOOD.substring(GOOD.indexOf('.') + 1, GOOD.lastIndexOf('.'));
  private static final String S = GOOD.substring(GOOD.lastIndexOf('.') + 1);

  @Test
  void acceptsTheTokenThatAllOthersAreMadeFrom() {
    assertThat(codeOf(Tokens.verifier().build().verify(GOOD))).isNull();
  }

  static Stream<Arguments> hostile() {
    List<Arguments> cases = new ArrayList<>();
    shapes(cases);
    headers(cases);
    keysAndSignatures(cases);
    json(cases);
    claimValues(cases);
    return cases.stream();
  }

  private static void shapes(List<Arguments> cases) {
    add(cases, "nothing", null, MALFORMED);
    add(cases, "empty", "", MALFORMED);
    add(cases, "one segment", H, MALFORMED);
    add(cases, "two segments", H + "." + P, MALFORMED);
    add(cases, "no header", "." + P + "." + S, MALFORMED);
    add(cases, "no payload", H + ".." + S, MALFORMED);
    add(cases, "no signature", H + "." + P + ".", BAD_SIGNATURE);
    add(cases, "an empty fourth segment", GOOD + ".", MALFORMED);
    add(cases, "five segments, as JWE has them", GOOD + "." + P + "." + S, MALFORMED);
    add(
        cases,
        "JSON serialization",
        "{\"payload\":\"" + P + "\",\"protected\":\"" + H + "\",\"signature\":\"" + S + "\"}",
        MALFORMED);
    add(cases, "a space before", " " + GOOD, MALFORMED);
    add(cases, "a line break after", GOOD + "\n", BAD_SIGNATURE);
    add(cases, "padding after the header", signedSegments(KEY, H + "=", P), MALFORMED);
    add(cases, "padding after the payload", signedSegments(KEY, H, padded(CLAIMS)), MALFORMED);
    add(cases, "padding after the signature", GOOD + "=", BAD_SIGNATURE);
    add(cases, "spare bits in the signature", H + "." + P + "." + otherSpelling(S), BAD_SIGNATURE);
    add(
        cases,
        "spare bits in the payload",
        signedSegments(KEY, H, otherSpelling(oddPayload())),
        MALFORMED);
    add(cases, "a question mark after the signature", GOOD + "?", BAD_SIGNATURE);
    add(
        cases,
        "a question mark in the payload",
        signedSegments(KEY, H, P.substring(0, 8) + "?" + P.substring(9)),
        MALFORMED);
    add(cases, "the standard alphabet", signedSegments(KEY, H, standardAlphabet()), MALFORMED);
    add(
        cases,
        "a letter whose low byte is the right one",
        H + "." + P + "." + (char) (S.charAt(0) + 0x100) + S.substring(1),
        BAD_SIGNATURE);
    add(cases, "8,193 characters", GOOD + "A".repeat(8193 - GOOD.length()), TOO_LARGE);
    add(cases, "8 MB of dots", ".".repeat(8 << 20), TOO_LARGE);
    add(cases, "8,192 dots", ".".repeat(8192), MALFORMED);
    add(cases, "a header of 1,025 bytes", signed(headerOf(1025), CLAIMS), TOO_LARGE);
  }

  private static void headers(List<Arguments> cases) {
    for (String none : List.of("none", "None", "NONE", "nOnE", "")) {
      String unsigned = Base64Url.encode(header(none, KID)) + "." + P + ".";
      add(cases, "alg \"" + none + "\", unsigned", unsigned, WRONG_ALGORITHM);
      add(
          cases,
          "alg \"" + none + "\", signed",
          signed(header(none, KID), CLAIMS),
          WRONG_ALGORITHM);
    }
    for (String alg : List.of(
        "hs256", "HS256 ", "HS384", "HS512", "RS256", "ES256", "EdDSA", "PBES2-HS256+A128KW")) {
      add(
          cases,
          "alg " + alg + " for an HS256 key",
          signed(header(alg, KID), CLAIMS),
          WRONG_ALGORITHM);
    }
    add(cases, "no alg", signed("{\"typ\":\"at+jwt\",\"kid\":\"" + KID + "\"}", CLAIMS), MALFORMED);
    add(
        cases,
        "alg as a list",
        signedHeader("\"alg\":[\"HS256\"],\"typ\":\"at+jwt\",\"kid\":\"" + KID + "\""),
        MALFORMED);
    for (String refused : List.of(
        "\"crit\":[\"exp\"],\"exp\":1",
        "\"crit\":[]",
        "\"crit\":[null]",
        "\"crit\":[\"b64\"],\"b64\":false",
        "\"b64\":false",
        "\"b64\":true",
        "\"zip\":\"DEF\"",
        "\"enc\":\"A256GCM\"",
        "\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "\"jku\":\"http://127.0.0.1/keys\"",
        "\"x5u\":\"http://127.0.0.1/cert\"",
        "\"x5c\":[\"MIIB\"]")) {
      add(
          cases,
          "header with " + refused,
          signed(HEADER.substring(0, HEADER.length() - 1) + "," + refused + "}", CLAIMS),
          UNSUPPORTED_HEADER);
    }
    add(cases, "alg twice", signed("{\"alg\":\"none\"," + HEADER.substring(1), CLAIMS), MALFORMED);
    add(
        cases,
        "alg twice, once escaped",
        signed("{\"\\u0061lg\":\"none\"," + HEADER.substring(1), CLAIMS),
        MALFORMED);
    add(cases, "header with trailing data", signed(HEADER + "{}", CLAIMS), MALFORMED);
    add(cases, "header as a list", signed("[" + HEADER + "]", CLAIMS), MALFORMED);
    add(cases, "no typ", signedHeader("\"alg\":\"HS256\",\"kid\":\"" + KID + "\""), WRONG_TYPE);
    add(
        cases,
        "typ JWT, as an ID token has it",
        signedHeader("\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"" + KID + "\""),
        WRONG_TYPE);
    add(
        cases,
        "typ with a dotless i",
        signedHeader("\"alg\":\"HS256\",\"typ\":\"applıcation/at+jwt\",\"kid\":\"" + KID + "\""),
        WRONG_TYPE);
    add(
        cases,
        "typ as a number",
        signedHeader("\"alg\":\"HS256\",\"typ\":1,\"kid\":\"" + KID + "\""),
        MALFORMED);
  }

  private static void keysAndSignatures(List<Arguments> cases) {
    add(cases, "no kid", signedHeader("\"alg\":\"HS256\",\"typ\":\"at+jwt\""), UNKNOWN_KEY);
    add(cases, "a kid nobody has", signed(header("HS256", "other"), CLAIMS), UNKNOWN_KEY);
    add(
        cases,
        "a kid in another case",
        signed(header("HS256", flipCase(KID)), CLAIMS),
        UNKNOWN_KEY);
    add(
        cases,
        "a kid as a number",
        signedHeader("\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":1"),
        MALFORMED);
    add(cases, "an empty kid", signed(header("HS256", ""), CLAIMS), MALFORMED);
    add(
        cases,
        "a kid of 129 characters",
        signed(header("HS256", "k".repeat(129)), CLAIMS),
        MALFORMED);
    add(
        cases,
        "a kid that is a path",
        signed(header("HS256", "../../dev/null"), CLAIMS),
        UNKNOWN_KEY);
    add(cases, "a kid with a NUL", signed(header("HS256", KID + "\\u0000"), CLAIMS), MALFORMED);
    SigningKey other = SigningKey.hs256("another-secret-of-at-least-thirty-two-bytes");
    byte[] head = HEADER.getBytes(StandardCharsets.UTF_8);
    byte[] body = CLAIMS.getBytes(StandardCharsets.UTF_8);
    add(cases, "another key under our kid", signed(other, head, body), BAD_SIGNATURE);
    add(
        cases,
        "the signature of another token",
        H + "." + Base64Url.encode(claims(",\"admin\":true")) + "." + S,
        BAD_SIGNATURE);
    add(
        cases,
        "a header changed after signing",
        Base64Url.encode(HEADER + " ") + "." + P + "." + S,
        BAD_SIGNATURE);
    add(
        cases,
        "a signature one character short",
        GOOD.substring(0, GOOD.length() - 1),
        BAD_SIGNATURE);
    add(
        cases,
        "a signature cut to 16 bytes",
        H + "." + P + "." + S.substring(0, 22),
        BAD_SIGNATURE);
    add(cases, "a signature of zeros", H + "." + P + "." + "A".repeat(43), BAD_SIGNATURE);
    add(
        cases,
        "expired and forged: forged counts",
        H + "." + Base64Url.encode(CLAIMS.replace("\"exp\":" + (NOW + 300), "\"exp\":1")) + "." + S,
        BAD_SIGNATURE);
  }

  private static void json(List<Arguments> cases) {
    add(cases, "a claim twice", signed(HEADER, claims(",\"sub\":\"admin\"")), MALFORMED);
    add(
        cases,
        "a claim twice, once escaped",
        signed(HEADER, claims(",\"su\\u0062\":\"admin\"")),
        MALFORMED);
    add(
        cases,
        "a name twice inside a claim",
        signed(HEADER, claims(",\"a\":[{\"b\":1,\"b\":1}]")),
        MALFORMED);
    add(cases, "JSON after the object", signed(HEADER, CLAIMS + "{}"), MALFORMED);
    add(cases, "a NUL after the object", signed(HEADER, CLAIMS + "\0"), MALFORMED);
    add(cases, "a byte order mark", signed(HEADER, "\uFEFF" + CLAIMS), MALFORMED);
    add(cases, "a comment", signed(HEADER, CLAIMS + "//"), MALFORMED);
    add(cases, "a trailing comma", signed(HEADER, claims(",")), MALFORMED);
    add(cases, "single quotes", signed(HEADER, claims(",'a':1")), MALFORMED);
    add(cases, "a claim that is invalid UTF-8", signedBytes(0xC3, 0x28), MALFORMED);
    add(cases, "overlong UTF-8", signedBytes(0xC0, 0xAF), MALFORMED);
    add(cases, "a surrogate in UTF-8", signedBytes(0xED, 0xA0, 0x80), MALFORMED);
    add(cases, "beyond Unicode", signedBytes(0xF4, 0x90, 0x80, 0x80), MALFORMED);
    add(cases, "UTF-8 cut short", signedBytes(0xE2, 0x82), MALFORMED);
    add(cases, "a lone escaped surrogate", signed(HEADER, claims(",\"a\":\"\\ud800\"")), MALFORMED);
    add(cases, "a control character", signed(HEADER, claims(",\"a\":\"\t\"")), MALFORMED);
    add(
        cases,
        "9 levels",
        signed(HEADER, claims(",\"a\":" + "[".repeat(8) + "]".repeat(8))),
        MALFORMED);
    add(
        cases,
        "2,000 levels",
        signed(HEADER, claims(",\"a\":" + "[".repeat(2000) + "]".repeat(2000))),
        MALFORMED);
    add(
        cases,
        "a number of 21 digits",
        signed(HEADER, claims(",\"a\":123456789012345678901")),
        MALFORMED);
    add(cases, "a huge exponent", signed(HEADER, claims(",\"a\":1e1000000000")), MALFORMED);
    add(cases, "beyond a double", signed(HEADER, claims(",\"a\":1e400")), MALFORMED);
    for (String bad : List.of(
        "01", "+1", ".5", "1.", "1e", "NaN", "Infinity", "0x1", "-", "tru", "nul", "undefined")) {
      add(cases, "a claim of " + bad, signed(HEADER, claims(",\"a\":" + bad)), MALFORMED);
    }
    add(cases, "claims that are a text", signed(HEADER, "\"foo\""), MALFORMED);
    add(cases, "claims that are a list", signed(HEADER, "[]"), MALFORMED);
    add(cases, "claims that are null", signed(HEADER, "null"), MALFORMED);
    add(
        cases,
        "claims in UTF-16",
        signed(
            KEY, HEADER.getBytes(StandardCharsets.UTF_8), CLAIMS.getBytes(StandardCharsets.UTF_16)),
        MALFORMED);
  }

  private static void claimValues(List<Arguments> cases) {
    for (String name : List.of("iss", "aud", "sub", "exp", "iat", "jti")) {
      add(
          cases,
          "no " + name,
          signed(HEADER, CLAIMS.replace("\"" + name + "\"", "\"x\"")),
          MISSING_CLAIM);
      String other = CLAIMS.replaceAll("\"" + name + "\":[^,}]*", "\"" + name + "\":");
      for (String wrong : List.of("null", "true", "{}", "[]", "[1]")) {
        add(
            cases,
            name + " " + wrong,
            signed(HEADER, other.replace("\"" + name + "\":", "\"" + name + "\":" + wrong)),
            INVALID_CLAIM);
      }
    }
    for (String name : List.of("iss", "sub", "jti")) {
      add(cases, name + " a number", signed(HEADER, with(name, "5")), INVALID_CLAIM);
      add(cases, name + " empty", signed(HEADER, with(name, "\"\"")), INVALID_CLAIM);
    }
    for (String wrong :
        List.of("\"" + (NOW + 300) + "\"", "-1", "-0.5", "1e300", (NOW + 300) + "000", "[5]")) {
      add(cases, "exp " + wrong, signed(HEADER, with("exp", wrong)), INVALID_CLAIM);
      add(cases, "nbf " + wrong, signed(HEADER, claims(",\"nbf\":" + wrong)), INVALID_CLAIM);
    }
    add(cases, "nbf null", signed(HEADER, claims(",\"nbf\":null")), INVALID_CLAIM);
    add(
        cases,
        "someone else's iss",
        signed(HEADER, with("iss", "\"https://evil.example\"")),
        WRONG_ISSUER);
    add(
        cases,
        "our iss with a slash",
        signed(HEADER, with("iss", "\"" + ISSUER + "/\"")),
        WRONG_ISSUER);
    add(cases, "someone else's aud", signed(HEADER, with("aud", "\"other-api\"")), WRONG_AUDIENCE);
    add(
        cases,
        "our aud in another case",
        signed(HEADER, with("aud", "\"TODO-API\"")),
        WRONG_AUDIENCE);
    add(
        cases,
        "others' aud in a list",
        signed(HEADER, with("aud", "[\"a\",\"b\"]")),
        WRONG_AUDIENCE);
    add(
        cases,
        "our aud and a number in a list",
        signed(HEADER, with("aud", "[\"" + AUDIENCE + "\",1]")),
        INVALID_CLAIM);
    add(cases, "expired", signed(HEADER, with("exp", "" + (NOW - 31))), EXPIRED);
    add(cases, "exp 0", signed(HEADER, with("exp", "0")), EXPIRED);
    add(cases, "not yet valid", signed(HEADER, claims(",\"nbf\":" + (NOW + 31))), NOT_YET_VALID);
    add(cases, "issued in the future", signed(HEADER, with("iat", "" + (NOW + 31))), NOT_YET_VALID);
    add(cases, "scope as a list", signed(HEADER, claims(",\"scope\":[\"admin\"]")), INVALID_CLAIM);
    add(cases, "scope null", signed(HEADER, claims(",\"scope\":null")), INVALID_CLAIM);
    add(
        cases,
        "scope with two spaces",
        signed(HEADER, claims(",\"scope\":\"a  b\"")),
        INVALID_CLAIM);
    add(
        cases,
        "scope with a line break",
        signed(HEADER, claims(",\"scope\":\"a\\nadmin\"")),
        INVALID_CLAIM);
    add(cases, "scope beyond ASCII", signed(HEADER, claims(",\"scope\":\"ädmin\"")), INVALID_CLAIM);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hostile")
  void refuses(String what, String token, RejectCode code) {
    JwtVerifier verifier = Tokens.verifier().build();
    JwtVerifier warm =
        Tokens.verifier().cache(64, java.time.Duration.ofSeconds(60)).build();
    warm.verify(GOOD);

    assertThat(codeOf(verifier.verify(token))).as(what).isEqualTo(code);
    assertThat(codeOf(warm.verify(token))).as(what + ", header known, cache on").isEqualTo(code);
    assertThat(codeOf(warm.verify(token))).as(what + ", again").isEqualTo(code);
  }

  static Stream<String> unusualButGood() {
    return Stream.of(
        signed(HEADER.replace("at+jwt", "application/at+jwt"), CLAIMS),
        signed(HEADER.replace("at+jwt", "AT+JWT"), CLAIMS),
        signed(
            " {\n\t\"kid\" : \"" + KID + "\", \"typ\":\"at+jwt\",\r\"alg\":\"\\u0048S256\" } ",
            CLAIMS),
        signed(HEADER.replace("}", ",\"x-own\":{\"a\":[null]},\"cty\":\"json\"}"), CLAIMS),
        signed(HEADER, with("aud", "[\"other\",\"" + AUDIENCE + "\"]")),
        signed(HEADER, with("exp", (NOW + 300) + ".5")),
        signed(HEADER, with("exp", "1.795000300E9")),
        signed(HEADER, claims(",\"nbf\":" + NOW + ",\"x\":\"é€😀\\ud83d\\ude00\\/\"")),
        signed(headerOf(1024), CLAIMS),
        signed(HEADER, claims(",\"scope\":\"\"")),
        signed(HEADER, claims(",\"a\":" + "[".repeat(7) + "]".repeat(7))),
        signed(HEADER, claims(",\"a\":-12345678901234567890,\"b\":1e308,\"c\":0.0e-9,\"d\":-0")));
  }

  @ParameterizedTest
  @MethodSource
  void unusualButGood(String token) {
    assertThat(codeOf(Tokens.verifier().build().verify(token))).isNull();
  }

  @Test
  void refusesAnHs256TokenForTheSameSecretAsHs512Key() {
    SigningKey asHs512 = SigningKey.hs512("x".repeat(64));
    SigningKey asHs256 = SigningKey.hs256("x".repeat(64)).withId(asHs512.id());
    JwtVerifier verifier = Tokens.verifier().keys(KeySource.of(asHs512)).build();

    String token =
        Tokens.issuer().keys(KeySource.of(asHs256)).build().issue("user123").value();

    assertThat(codeOf(verifier.verify(token))).isEqualTo(WRONG_ALGORITHM);
  }

  @Test
  void readsNoFurtherThanTheSizeOfAHugeSequence() {
    CharSequence huge = new CharSequence() {
      @Override
      public int length() {
        return Integer.MAX_VALUE;
      }

      @Override
      public char charAt(int index) {
        throw new AssertionError("read");
      }

      @Override
      public CharSequence subSequence(int start, int end) {
        throw new AssertionError("read");
      }
    };

    assertThat(codeOf(Tokens.verifier().build().verify(huge))).isEqualTo(TOO_LARGE);
  }

  @Test
  void takesAnyCharSequence() {
    assertThat(codeOf(Tokens.verifier().build().verify(new StringBuilder(GOOD))))
        .isNull();
  }

  private static void add(List<Arguments> cases, String what, String token, RejectCode code) {
    cases.add(Arguments.of(what, token, code));
  }

  private static String headerOf(int bytes) {
    String filled = HEADER.substring(0, HEADER.length() - 1) + ",\"x\":\"";
    return filled + "y".repeat(bytes - 2 - filled.length()) + "\"}";
  }

  private static String with(String name, String value) {
    return CLAIMS.replaceAll("\"" + name + "\":(\"[^\"]*\"|[0-9]+)", "\"" + name + "\":" + value);
  }

  private static String signedHeader(String members) {
    return signed("{" + members + "}", CLAIMS);
  }

  /** Good claims with one more that holds these bytes. */
  private static String signedBytes(int... bytes) {
    ByteArrayOutputStream claims = new ByteArrayOutputStream();
    claims.writeBytes(CLAIMS.substring(0, CLAIMS.length() - 1).getBytes(StandardCharsets.UTF_8));
    claims.writeBytes(",\"a\":\"".getBytes(StandardCharsets.UTF_8));
    for (int b : bytes) {
      claims.write(b);
    }
    claims.writeBytes("\"}".getBytes(StandardCharsets.UTF_8));
    return signed(KEY, HEADER.getBytes(StandardCharsets.UTF_8), claims.toByteArray());
  }

  private static String padded(String claims) {
    String odd = claims;
    while (odd.length() % 3 == 0) {
      odd += " ";
    }
    return java.util.Base64.getUrlEncoder().encodeToString(odd.getBytes(StandardCharsets.UTF_8));
  }

  private static String oddPayload() {
    String odd = CLAIMS;
    while (odd.length() % 3 != 1) {
      odd += " ";
    }
    return Base64Url.encode(odd);
  }

  private static String standardAlphabet() {
    String claims = claims(",\"a\":\"???>>>~~~\"");
    String standard = java.util.Base64.getEncoder()
        .withoutPadding()
        .encodeToString(claims.getBytes(StandardCharsets.UTF_8));
    assertThat(standard).containsPattern("[+/]");
    return standard;
  }

  /** Changes the last character in its unused bits: the same bytes to a lenient decoder. */
  private static String otherSpelling(String segment) {
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    int last = alphabet.indexOf(segment.charAt(segment.length() - 1));
    return segment.substring(0, segment.length() - 1) + alphabet.charAt(last ^ 1);
  }

  private static String flipCase(String text) {
    StringBuilder flipped = new StringBuilder();
    for (char c : text.toCharArray()) {
      flipped.append(
          Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c));
    }
    return flipped.toString();
  }
}
