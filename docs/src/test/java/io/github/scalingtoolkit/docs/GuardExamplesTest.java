package io.github.scalingtoolkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.time.Clock;
import io.github.scalingtoolkit.core.time.Deadline;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The examples of {@code guard.md}, run; {@link SnippetsTest} holds the page to them. */
class GuardExamplesTest {
  @Test
  void guardShowsAReadAWriteAndAnAsynchronousCall() {
    // tag::guard[]
    Guard prices = Guard.builder("prices")
        .timeout(Duration.ofMillis(800))
        .bulkhead(64)
        .retries(2)
        .ignoring(UnknownArticle.class::isInstance)
        .build();

    Deadline request = Deadline.after(Duration.ofSeconds(2), Clock.system());
    int price = request.call(() -> prices.callIdempotent(() -> ask("tea"), refused -> -1));
    boolean ordered = request.call(() -> prices.call(() -> order("tea")));
    CompletableFuture<Integer> later = prices.callIdempotentAsync(() -> askLater("tea"));
    // end::guard[]

    assertThat(price).isEqualTo(3);
    assertThat(ordered).isTrue();
    assertThat(later.join()).isEqualTo(3);
  }

  private static int ask(String article) {
    assertThat(Deadline.within(Duration.ofHours(1))).isLessThanOrEqualTo(Duration.ofMillis(800));
    return article.length();
  }

  private static boolean order(String article) {
    return !article.isEmpty();
  }

  private static CompletableFuture<Integer> askLater(String article) {
    return CompletableFuture.completedFuture(article.length());
  }

  private static final class UnknownArticle extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
