package io.github.scalingtoolkit.queue;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.scalingtoolkit.core.redis.RedisAccess;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Who requires this module reads the modules whose types its public methods take and return, but for optional ones. */
class PublicTypesTest {
  private static final Set<String> OPTIONAL =
      Set.of("micrometer.core", "org.mongodb.driver.sync.client", "org.mongodb.bson");

  /** Those that require others transitively themselves. */
  private static final Map<String, ModuleDescriptor> KNOWN = Stream.of(
          RedisAccess.class, ObjectMapper.class)
      .flatMap(PublicTypesTest::module)
      .collect(Collectors.toMap(ModuleDescriptor::name, Function.identity()));

  @Test
  void modulesOfTheApiAreTransitiveUnlessTheyAreOptional() throws Exception {
    Set<String> needed = new HashSet<>();
    for (Class<?> shown : publicTypes()) {
      for (Class<?> used : usedBy(shown)) {
        module(used).map(ModuleDescriptor::name).forEach(needed::add);
      }
    }

    Set<String> read = new HashSet<>();
    read(module(JobQueue.class).findAny().orElseThrow(), read);
    assertThat(needed).containsAll(OPTIONAL);
    needed.removeAll(OPTIONAL);
    assertThat(needed).isSubsetOf(read);
    assertThat(read)
        .as("a consumer without them could not compile")
        .doesNotContainAnyElementsOf(OPTIONAL);
  }

  /** Adds it, and what a module that requires it reads with it. */
  private static void read(ModuleDescriptor module, Set<String> names) {
    if (!names.add(module.name())) {
      return;
    }
    for (Requires required : module.requires()) {
      if (required.modifiers().contains(Requires.Modifier.TRANSITIVE)) {
        ModuleDescriptor known = KNOWN.get(required.name());
        if (known == null) {
          names.add(required.name());
        } else {
          read(known, names);
        }
      }
    }
  }

  private static List<Class<?>> publicTypes() throws Exception {
    Path classes = place(JobQueue.class);
    List<Class<?>> types = new ArrayList<>();
    for (ModuleDescriptor.Exports exported :
        module(JobQueue.class).findAny().orElseThrow().exports()) {
      try (Stream<Path> files = Files.list(classes.resolve(exported.source().replace('.', '/')))) {
        for (Path file :
            files.filter(each -> each.toString().endsWith(".class")).toList()) {
          String name = file.getFileName().toString().replace(".class", "");
          Class<?> type = Class.forName(exported.source() + "." + name);
          if (Modifier.isPublic(type.getModifiers())) {
            types.add(type);
          }
        }
      }
    }
    return types;
  }

  private static Set<Class<?>> usedBy(Class<?> type) {
    Set<Class<?>> used = new HashSet<>();
    Stream.concat(Arrays.stream(type.getMethods()), Arrays.stream(type.getConstructors()))
        .filter(member -> member.getDeclaringClass() == type)
        .forEach(member -> {
          Arrays.stream(((Executable) member).getGenericParameterTypes())
              .forEach(each -> add(used, each));
          if (member instanceof Method method) {
            add(used, method.getGenericReturnType());
          }
        });
    return used;
  }

  private static void add(Set<Class<?>> used, Type type) {
    if (type instanceof Class<?> plain) {
      used.add(plain);
    } else if (type instanceof ParameterizedType generic) {
      add(used, generic.getRawType());
      Arrays.stream(generic.getActualTypeArguments()).forEach(each -> add(used, each));
    }
  }

  private static Stream<ModuleDescriptor> module(Class<?> type) {
    Path place = type.getProtectionDomain().getCodeSource() == null ? null : place(type);
    return place == null
        ? Stream.empty()
        : ModuleFinder.of(place).findAll().stream().map(found -> found.descriptor());
  }

  private static Path place(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
