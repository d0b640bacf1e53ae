package io.github.scalingtoolkit.docs;

// tag::core[]
import io.github.scalingtoolkit.core.guard.Guard;
import io.github.scalingtoolkit.core.guard.RejectedException;

class GuardExample {
  public static void main(String[] arguments) {
    Guard store = Guard.builder("store").countWindow(10).minimumCalls(5).build();
    String answer;
    try {
      answer = store.call(() -> ask());
    } catch (RejectedException refused) {
      answer = "try again in " + refused.retryAfter();
    }
    System.out.println("the store says " + answer);
  }

  private static String ask() {
    return "42"; // yours is a remote call, with a time-out of its own
  }
}
// end::core[]
