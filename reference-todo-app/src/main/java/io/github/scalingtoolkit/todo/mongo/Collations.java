package io.github.scalingtoolkit.todo.mongo;

import com.mongodb.client.model.Collation;
import com.mongodb.client.model.CollationAlternate;
import com.mongodb.client.model.CollationCaseFirst;
import com.mongodb.client.model.CollationMaxVariable;
import com.mongodb.client.model.CollationStrength;
import org.bson.Document;

/** Reads the collation of an index as the server lists it, so that it can be asked by. */
final class Collations {
  private Collations() {}

  /** Returns the collation; what it does not say is the server's default. */
  static Collation of(Document listed) {
    Collation.Builder read = Collation.builder();
    if (listed.get("locale") instanceof String locale) {
      read.locale(locale);
    }
    if (listed.get("caseLevel") instanceof Boolean level) {
      read.caseLevel(level);
    }
    if (listed.get("caseFirst") instanceof String first) {
      read.collationCaseFirst(CollationCaseFirst.fromString(first));
    }
    if (listed.get("strength") instanceof Number strength) {
      read.collationStrength(CollationStrength.fromInt(strength.intValue()));
    }
    if (listed.get("numericOrdering") instanceof Boolean numeric) {
      read.numericOrdering(numeric);
    }
    if (listed.get("alternate") instanceof String alternate) {
      read.collationAlternate(CollationAlternate.fromString(alternate));
    }
    if (listed.get("maxVariable") instanceof String variable) {
      read.collationMaxVariable(CollationMaxVariable.fromString(variable));
    }
    if (listed.get("normalization") instanceof Boolean normalization) {
      read.normalization(normalization);
    }
    if (listed.get("backwards") instanceof Boolean backwards) {
      read.backwards(backwards);
    }
    return read.build();
  }
}
