package io.github.scalingtoolkit.docs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows between the modules, and what may show in their API. */
class ArchitectureTest {
  private static final String ROOT = "io.github.scalingtoolkit.";
  private static final String[] LIBRARIES = {
    ROOT + "core..", ROOT + "cache..", ROOT + "queue..", ROOT + "auth.."
  };
  private static final JavaClasses CLASSES = new ClassFileImporter()
      .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
      .withImportOption(
          location -> !location.contains("tests.jar") && !location.contains("test-classes"))
      .importPackages("io.github.scalingtoolkit");

  @Test
  void coreKnowsNobodyAndTheLibrariesKnowCoreAlone() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "core..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + "cache..", ROOT + "queue..", ROOT + "auth..", ROOT + "todo..")
        .check(CLASSES);
    for (String library : new String[] {"cache", "queue", "auth"}) {
      for (String other : new String[] {"cache", "queue", "auth", "todo"}) {
        if (!library.equals(other)) {
          noClasses()
              .that()
              .resideInAPackage(ROOT + library + "..")
              .should()
              .dependOnClassesThat()
              .resideInAPackage(ROOT + other + "..")
              .check(CLASSES);
        }
      }
    }
  }

  @Test
  void theStateMachineOfTheBreakerShowsInNoApi() {
    noMethods()
        .that()
        .arePublic()
        .and()
        .areDeclaredInClassesThat()
        .arePublic()
        .and()
        .areDeclaredInClassesThat()
        .resideInAnyPackage(LIBRARIES)
        .should()
        .haveRawReturnType(from("io.github.resilience4j"))
        .orShould()
        .haveRawParameterTypes(DescribedPredicate.anyElementThat(from("io.github.resilience4j")))
        .check(CLASSES);
  }

  @Test
  void micrometerIsOptionalSoOnlyTheBindersOfTheLibrariesKnowIt() {
    classes()
        .that()
        .resideInAnyPackage(LIBRARIES)
        .and(DescribedPredicate.describe(
            "know Micrometer",
            type -> type.getDirectDependenciesFromSelf().stream()
                .anyMatch(dependency ->
                    dependency.getTargetClass().getPackageName().startsWith("io.micrometer"))))
        .should()
        .haveSimpleNameEndingWith("Metrics")
        .check(CLASSES);
  }

  @Test
  void theEmbeddedStoresAreReachedThroughTheirInterfaceAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + "todo.demo..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "todo.demo..", "de.bwaldvogel..", "redis.embedded..", "org.h2..", "io.netty..")
        .check(CLASSES);
  }

  @Test
  void httpKnowsNothingOfTodos() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "todo.http..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "todo.domain..",
            ROOT + "todo.mongo..",
            ROOT + "todo.api..",
            ROOT + "todo.jobs..")
        .check(CLASSES);
  }

  @Test
  void thePackagesOfCoreHaveNoCycles() {
    slices().matching(ROOT + "core.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void nobodyLogsPastTheFacade() {
    noClasses()
        .that()
        .resideInAnyPackage(LIBRARIES)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.logging..", "ch.qos.logback..", "org.apache.logging..")
        .check(CLASSES);
  }

  private static DescribedPredicate<JavaClass> from(String prefix) {
    return DescribedPredicate.describe(
        "from " + prefix, type -> type.getPackageName().startsWith(prefix));
  }
}
