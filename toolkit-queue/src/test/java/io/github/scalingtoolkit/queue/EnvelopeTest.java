package io.github.scalingtoolkit.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnvelopeTest {
  private static final JobType<String> NOTE = JobType.of("note", String.class);
  private static final EnqueueOptions DEFAULTS = EnqueueOptions.defaults();
  private static final EnqueueOptions GIVEN = DEFAULTS.id(new JobId("x"));

  private static String written(JobType<String> type, EnqueueOptions options) {
    return new String(Envelope.write(type, "hi", options, 1_700_000_000_000L), UTF_8);
  }

  private static Envelope read(String stored) {
    return Envelope.read(stored.getBytes(UTF_8));
  }

  @Test
  void whatHasItsDefaultCostsNoByte() {
    assertThat(written(NOTE, DEFAULTS)).isEqualTo("5g005note\n\"hi\"");
    assertThat(written(NOTE, GIVEN)).isEqualTo("5c005note a=loyw3v28\n\"hi\"");
    assertThat(read("5g005note\n\"hi\"").details()).isSameAs(Details.NONE);
  }

  @Test
  void allThatAJobMayHaveIsReadAsItWasWritten() throws Exception {
    RetryPolicy policy = RetryPolicy.given(Duration.ZERO, Duration.ofMinutes(3)).jitter(0.25);
    Map<String, String> headers =
        Map.of("traceparent", "00-ab-cd-01", "text", "100 % =\n|\u00e9\ud83d\ude00", "empty", "");
    EnqueueOptions options = GIVEN
        .headers(headers)
        .timeLimit(Duration.ofSeconds(3))
        .deadline(Instant.ofEpochMilli(1_800_000_000_000L))
        .retries(policy);

    Envelope read = read(written(NOTE.version(3), options));

    assertThat(read.details())
        .isEqualTo(
            new Details(3, 1_700_000_000_000L, 0, 3000, 1_800_000_000_000L, policy, headers));
    assertThat(read.payloadAs(NOTE.version(3))).isEqualTo("hi");
    assertThat(read.type()).isEqualTo("note");
  }

  @Test
  void fieldsOfALaterVersionAreSkipped() {
    Details details = read("5c005note zz=1 r=q:new:kind a=a h.k=v\n1").details();

    assertThat(details).isEqualTo(new Details(1, 10, 0, 0, 0, null, Map.of("k", "v")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "5c",
        "5c005note",
        "5c005\n",
        "5cxyznote\n1",
        "5c005note a\n1",
        "5c005note  a=1\n1"
      })
  void whatIsDamagedIsNotAJob(String stored) {
    assertThatIllegalArgumentException().isThrownBy(() -> read(stored));
  }

  @ParameterizedTest
  @ValueSource(strings = {"v=2a", "v=1.5", "v=2a v=1", "a=!", "x=-", "l=1.h", "h.k=%4"})
  void aKnownFieldInALaterFormMakesTheJobWaitForItsReader(String field) {
    Envelope later = read("5c005note " + field + "\n\"hi\"");

    assertThat(later.type()).isEqualTo("note");
    assertThatExceptionOfType(QueueException.class)
        .isThrownBy(() -> later.payloadAs(NOTE.version(3)));
  }

  @Test
  void aPayloadOfANewerVersionIsNotEvenShownToTheCodec() {
    Envelope newer = read("5c005note v=2\nnot json");

    assertThatExceptionOfType(QueueException.class)
        .isThrownBy(() -> newer.payloadAs(NOTE))
        .withMessageContaining("version 2");
  }

  @Test
  void aCodecIsToldTheVersionThatWroteThePayload() throws Exception {
    JobType<String> third = JobType.of("note", new PayloadCodec<String>() {
          @Override
          public byte[] encode(String payload) {
            return payload.getBytes(UTF_8);
          }

          @Override
          public String decode(byte[] bytes, int version) {
            return version + ":" + new String(bytes, UTF_8);
          }
        })
        .version(3);

    assertThat(read("5c005note v=2\n\n\0raw").payloadAs(third)).isEqualTo("2:\n\0raw");
    assertThat(read("5c005note\nraw").payloadAs(third)).isEqualTo("1:raw");
  }

  @Test
  void anEditKeepsAllButThePayloadAndItsVersion() {
    byte[] stored = "5c005note v=2 a=a h.k=v\nold".getBytes(UTF_8);

    assertThat(new String(Envelope.edited(stored, NOTE, "new"), UTF_8))
        .isEqualTo("5c005note a=a h.k=v\n\"new\"");
    assertThat(new String(Envelope.edited(stored, NOTE.version(3), "new"), UTF_8))
        .isEqualTo("5c005note v=3 a=a h.k=v\n\"new\"");
    assertThat(new String(
            Envelope.edited("5c005note v=2a a=a\nold".getBytes(UTF_8), NOTE, "new"), UTF_8))
        .isEqualTo("5c005note a=a\n\"new\"");
  }

  @Test
  void aPayloadThatCannotBeWrittenIsNamed() {
    JobType<Object> any = JobType.of("any", Object.class);

    assertThatExceptionOfType(QueueException.class)
        .isThrownBy(() -> Envelope.write(any, new Object(), DEFAULTS, 0))
        .withMessageContaining("any v1");
  }
}
