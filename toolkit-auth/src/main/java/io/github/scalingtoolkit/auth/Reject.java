package io.github.scalingtoolkit.auth;

/** Carries a {@link RejectCode} out of the parsers. One instance per code, without stack trace; never leaves the module. */
final class Reject extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final Reject[] INSTANCES = instances();

  private final RejectCode code;

  private Reject(RejectCode code) {
    super(code.name(), null, false, false);
    this.code = code;
  }

  static Reject as(RejectCode code) {
    return INSTANCES[code.ordinal()];
  }

  RejectCode code() {
    return code;
  }

  private static Reject[] instances() {
    RejectCode[] codes = RejectCode.values();
    Reject[] instances = new Reject[codes.length];
    for (RejectCode code : codes) {
      instances[code.ordinal()] = new Reject(code);
    }
    return instances;
  }
}
