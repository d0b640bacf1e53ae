package io.github.scalingtoolkit.docs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.base.HasDescription;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.EvaluationResult;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The arrows between the modules, and what may show in their API. */
@Tag("once")
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
  void coreDependsOnNoModuleAndTheLibrariesOnlyOnCore() {
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
  void authNeedsTheJdkAndTwoSmallLibrariesAlone() {
    classes()
        .that()
        .resideInAPackage(ROOT + "auth..")
        .and()
        .doNotHaveSimpleName("AuthMetrics")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "auth..", "java..", "javax.crypto..", "org.slf4j..", "org.jspecify..")
        .check(CLASSES);
  }

  @Test
  void theStateMachineOfTheBreakerShowsInNoApi() {
    classes()
        .that()
        .arePublic()
        .and()
        .resideInAnyPackage(LIBRARIES)
        .should(showNothingFrom("io.github.resilience4j"))
        .check(CLASSES);
  }

  @Test
  void whatShowsInAnApiIsFoundWhereverItStands() {
    JavaClasses showing = new ClassFileImporter().importClasses(Showing.class, Shown.class);

    EvaluationResult result =
        classes().should(showNothingFrom("io.github.resilience4j")).evaluate(showing);

    assertThat(result.getFailureReport().getDetails())
        .hasSize(10)
        .anyMatch(line -> line.contains("Showing> shows"))
        .anyMatch(line -> line.contains("Shown> shows"))
        .anyMatch(line -> line.contains("Showing.field>"))
        .anyMatch(line -> line.contains("Showing.<init>"))
        .anyMatch(line -> line.contains("Showing.get("))
        .anyMatch(line -> line.contains("Showing.thrown("))
        .anyMatch(line -> line.contains("Showing.returned("))
        .anyMatch(line -> line.contains("Showing.taken("))
        .anyMatch(line -> line.contains("Showing.bounded("))
        .anyMatch(line -> line.contains("Showing.array("))
        .noneMatch(line -> line.contains("hidden"));
  }

  /** Shows a type in each way that there is. */
  @SuppressWarnings("unused")
  public static class Showing implements Supplier<List<CircuitBreaker>> {
    protected final List<CircuitBreaker> field = List.of();
    private final List<CircuitBreaker> hidden = List.of();

    public Showing(CircuitBreaker breaker) {}

    @Override
    public List<CircuitBreaker> get() {
      return field;
    }

    public void thrown() throws CallNotPermittedException {}

    public Map<String, ? extends CircuitBreaker> returned() {
      return Map.of();
    }

    public void taken(Supplier<CircuitBreaker> breaker) {}

    public <T extends CircuitBreaker> void bounded() {}

    public CircuitBreaker[] array() {
      return new CircuitBreaker[0];
    }

    void hidden(CircuitBreaker breaker) {}
  }

  /** Shows a type as the bound of its own parameter. */
  public interface Shown<T extends CircuitBreaker> {}

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
        .resideOutsideOfPackage(ROOT + "todo.embedded..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "todo.embedded..",
            "de.bwaldvogel..",
            "redis.embedded..",
            "org.h2..",
            "io.netty..")
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
            ROOT + "todo.todos..",
            ROOT + "todo.jobs..")
        .check(CLASSES);
  }

  @Test
  void requestsReachCacheAndStoresThroughTodosAlone() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "todo.api..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + "cache..", ROOT + "core.redis..", ROOT + "todo.mongo..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage(ROOT + "todo.todos..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + "todo.api..", ROOT + "todo.http..", "io.undertow..")
        .check(CLASSES);
  }

  @Test
  void aCachedListEntersFourRoomsAndACreateSevenAndNoneTwice() {
    String routes = ROOT + "todo.api.TodoRoutes";

    Rooms list = Rooms.enteredFrom(CLASSES.get(routes), "listFromMemory");
    Rooms create = Rooms.enteredFrom(CLASSES.get(routes), "create");

    assertThat(list.doors()).containsOnlyKeys("http", "api", "todos", "cache");
    assertThat(create.doors())
        .containsOnlyKeys("http", "api", "todos", "cache", "mongo", "jobs", "queue");
    assertThat(list.enteredTwice()).isEmpty();
    assertThat(create.enteredTwice()).isEmpty();
  }

  @Test
  void theRoomsOfTheServiceKnowNothingOfWhatRunsIt() {
    noClasses()
        .that()
        .resideInAnyPackage(
            ROOT + "todo.api..",
            ROOT + "todo.todos..",
            ROOT + "todo.login..",
            ROOT + "todo.jobs..",
            ROOT + "todo.mongo..",
            ROOT + "todo.http..",
            ROOT + "todo.domain..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + "todo.run..", ROOT + "todo.cluster..", ROOT + "todo.embedded..")
        .check(CLASSES);
  }

  @Test
  void thePackagesOfTheAppHaveNoCycles() {
    slices().matching(ROOT + "todo.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void thePackagesOfCoreHaveNoCycles() {
    slices().matching(ROOT + "core.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void allLoggingGoesThroughTheFacade() {
    noClasses()
        .that()
        .resideInAnyPackage(LIBRARIES)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.logging..", "ch.qos.logback..", "org.apache.logging..")
        .check(CLASSES);
  }

  @Test
  void nothingDependsOnTheBenchmarksOrTheDocs() {
    for (String end : new String[] {"benchmarks..", "docs.."}) {
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + end)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROOT + end)
          .check(CLASSES);
    }
  }

  @Test
  void jedisShowsInTheApiOfItsOwnPackageAlone() {
    classes()
        .that()
        .arePublic()
        .and()
        .resideInAnyPackage(LIBRARIES)
        .and()
        .resideOutsideOfPackage(ROOT + "core.redis..")
        .should(showNothingFrom("redis.clients"))
        .check(CLASSES);
  }

  @Test
  void whatIsExportedToTheLibrariesAloneShowsInNoApiAndInNoApp() {
    classes()
        .that()
        .arePublic()
        .and()
        .resideInAnyPackage(LIBRARIES)
        .and()
        .resideOutsideOfPackage(ROOT + "core.internal..")
        .should(showNothingFrom(ROOT + "core.internal"))
        .check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackages(LIBRARIES)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + "core.internal..")
        .check(CLASSES);
  }

  @Test
  void whatNeedsNoRedisKnowsNoJedis() {
    noClasses()
        .that()
        .resideInAnyPackage(
            ROOT + "core.guard..",
            ROOT + "core.health..",
            ROOT + "core.lifecycle..",
            ROOT + "core.settings..",
            ROOT + "core.time..",
            ROOT + "auth..",
            ROOT + "todo.http..",
            ROOT + "todo.domain..",
            ROOT + "todo.mongo..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("redis.clients..")
        .check(CLASSES);
  }

  /** No such type in a signature that others can see, generic or not, nor as a parent. */
  private static ArchCondition<JavaClass> showNothingFrom(String prefix) {
    return new ArchCondition<>("show nothing from " + prefix) {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        Stream<JavaType> parents =
            Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream());
        report(
            type,
            Stream.concat(parents, type.getTypeParameters().stream())
                .flatMap(parent -> parent.getAllInvolvedRawTypes().stream()),
            events);
        for (JavaMember member : type.getMembers()) {
          if (member.getModifiers().contains(JavaModifier.PUBLIC)
              || member.getModifiers().contains(JavaModifier.PROTECTED)) {
            Stream<JavaClass> thrown = member instanceof JavaCodeUnit code
                ? code.getThrowsClause().getTypes().stream()
                : Stream.empty();
            report(member, Stream.concat(member.getAllInvolvedRawTypes().stream(), thrown), events);
          }
        }
      }

      private void report(HasDescription shows, Stream<JavaClass> types, ConditionEvents events) {
        List<String> shown = types
            .map(JavaClass::getBaseComponentType)
            .filter(one -> one.getPackageName().startsWith(prefix))
            .map(JavaClass::getName)
            .distinct()
            .toList();
        if (!shown.isEmpty()) {
          events.add(
              SimpleConditionEvent.violated(shows, shows.getDescription() + " shows " + shown));
        }
      }
    };
  }
}
