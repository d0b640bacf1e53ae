package io.github.scalingtoolkit.auth;

import static io.github.scalingtoolkit.auth.Tokens.codeOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SigningKeyTest {

  @Test
  void refusesSecretsShorterThanTheHashInBytesOfUtf8() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.hs256("x".repeat(31)))
        .withMessage(
            "secret for HS256 must have >= 32 bytes but has 31; make one with: openssl rand -base64 64");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.hs512("x".repeat(63)))
        .withMessageContaining("HS512 must have >= 64 bytes but has 63");
    assertThatIllegalArgumentException().isThrownBy(() -> SigningKey.hs256(""));
    assertThat(SigningKey.hs256("é".repeat(16)).algorithm()).isEqualTo(Algorithm.HS256);
    assertThat(SigningKey.hs512("x".repeat(64)).algorithm()).isEqualTo(Algorithm.HS512);
  }

  @Test
  void refusesAPublicKeyAsSharedSecretAndBrokenUnicode() {
    String pem = "-----BEGIN PUBLIC KEY-----\n" + "A".repeat(64) + "\n-----END PUBLIC KEY-----";

    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.hs256(pem))
        .withMessageContaining("is a PEM file")
        .withMessageNotContaining("AAAA");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.hs256(pem.getBytes(StandardCharsets.US_ASCII)))
        .withMessageContaining("is a PEM file");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.hs256("\uD800".repeat(40)))
        .withMessageContaining("lone surrogate");
  }

  @Test
  void refusesTextThatALenientDecoderHasMadeOfOtherBytes() {
    String first = new String(notUtf8(0xFE), StandardCharsets.UTF_8);
    String second = new String(notUtf8(0xFF), StandardCharsets.UTF_8);
    assertThat(first).as("two secrets have become one").isEqualTo(second);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningKey.hs256(first))
        .withMessageContaining("U+FFFD");
    assertThat(SigningKey.hs256(notUtf8(0xFE)).id())
        .isNotEqualTo(SigningKey.hs256(notUtf8(0xFF)).id());
  }

  private static byte[] notUtf8(int value) {
    byte[] bytes = new byte[32];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  void makesTheSameKeyOfATextAndOfItsUtf8() {
    String text = "ein Geheimnis aus Wörtern – " + "x".repeat(40) + "=";
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);

    assertThat(SigningKey.hs256(bytes).id()).isEqualTo(SigningKey.hs256(text).id());
    assertThat(SigningKey.hs512(bytes).id()).isEqualTo(SigningKey.hs512(text).id());
    assertThat(SigningKey.hs256(text.substring(0, text.length() - 1)).id())
        .as("each character counts")
        .isNotEqualTo(SigningKey.hs256(text).id());
  }

  @Test
  void derivesTheSameIdFromTheSameSecretAndAnotherFromAnyOther() {
    SigningKey key = SigningKey.hs256("x".repeat(64));

    assertThat(key.id()).isEqualTo(SigningKey.hs256("x".repeat(64)).id());
    assertThat(key.id()).isNotEqualTo(SigningKey.hs256("x".repeat(65)).id());
    assertThat(key.id()).isNotEqualTo(SigningKey.hs512("x".repeat(64)).id());
    assertThat(key.id()).matches("[A-Za-z0-9_-]{16}");
    assertThat(key.id()).as("pinned: tokens outlive a new version").isEqualTo("4xT2OMT1w2MYsz6X");
  }

  @Test
  void takesAnIdOfTheIssuersChoice() {
    SigningKey key = Tokens.KEY.withId("2026 \"a\"");
    JwtVerifier verifier = Tokens.verifier().keys(KeySource.of(key)).build();

    String token =
        Tokens.issuer().keys(KeySource.of(key)).build().issue("user123").value();

    assertThat(codeOf(verifier.verify(token))).isNull();
    assertThatIllegalArgumentException().isThrownBy(() -> key.withId(""));
    assertThatIllegalArgumentException().isThrownBy(() -> key.withId("k".repeat(129)));
    assertThatIllegalArgumentException().isThrownBy(() -> key.withId("schlüssel"));
  }

  @Test
  void copiesTheBytesItIsGiven() {
    byte[] bytes = "x".repeat(32).getBytes(StandardCharsets.UTF_8);
    SigningKey key = SigningKey.of(Algorithm.HS256, bytes);
    byte[] before = key.sign(bytes, 0, 5);

    bytes[31] = 0;

    assertThat(key.sign(bytes, 0, 5)).isEqualTo(before);
  }

  @Test
  void rotatesWithoutRefusingAGoodToken() {
    SigningKey old = Tokens.KEY;
    SigningKey next = SigningKey.hs512("n".repeat(64));
    KeyRing ring = KeyRing.of(old);
    TokenIssuer issuer = Tokens.issuer().keys(ring).build();
    JwtVerifier verifier = Tokens.verifier().keys(ring).build();
    String first = issuer.issue("user123").value();
    assertThat(codeOf(verifier.verify(first))).isNull();

    ring.publish(next);
    assertThat(ring.current().active()).isSameAs(old);
    String elsewhere =
        Tokens.issuer().keys(KeySource.of(next)).build().issue("user123").value();
    assertThat(codeOf(verifier.verify(elsewhere)))
        .as("another process was faster")
        .isNull();
    ring.activate(next);
    String second = issuer.issue("user123").value();
    assertThat(codeOf(verifier.verify(first))).isNull();
    assertThat(codeOf(verifier.verify(second))).isNull();
    ring.remove(old.id());

    assertThat(codeOf(verifier.verify(first))).isEqualTo(RejectCode.UNKNOWN_KEY);
    assertThat(codeOf(verifier.verify(second))).isNull();
    assertThat(ring.current().generation()).isEqualTo(4);
    assertThat(ring.current().keys()).containsExactly(next);
  }

  @Test
  void refusesTwoKeysOfOneIdAndLosingTheActiveOne() {
    SigningKey impostor = SigningKey.hs256("y".repeat(32)).withId(Tokens.KEY.id());
    KeyRing ring = KeyRing.of(Tokens.KEY);

    assertThatIllegalArgumentException().isThrownBy(() -> KeySource.of(Tokens.KEY, impostor));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KeySet.of(1, Tokens.KEY, List.of(Tokens.KEY)));
    assertThatIllegalArgumentException().isThrownBy(() -> ring.publish(impostor));
    assertThatIllegalArgumentException().isThrownBy(() -> ring.activate(impostor));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ring.remove(Tokens.KEY.id()))
        .withMessageContaining("is active: activate another first");
    assertThatIllegalArgumentException().isThrownBy(() -> ring.remove("nobody's"));
    assertThat(ring.current().keys()).containsExactly(Tokens.KEY);
  }

  @Test
  void theIdForAnIssuerIsMadeOfKeyAndIssuerAndTheKeyIsTheSame() {
    SigningKey here = Tokens.KEY.forIssuer("here");

    assertThat(here.id())
        .isEqualTo(Tokens.KEY.forIssuer("here").id())
        .matches("[A-Za-z0-9_-]{16}")
        .isNotEqualTo(Tokens.KEY.forIssuer("there").id())
        .isNotEqualTo(Tokens.KEY.id());
    byte[] bytes = {1, 2, 3};
    assertThat(Tokens.KEY.verifies(bytes, 0, 3, here.sign(bytes, 0, 3))).isTrue();
    assertThatIllegalArgumentException().isThrownBy(() -> Tokens.KEY.forIssuer(" "));
  }
}
