package io.github.scalingtoolkit.todo.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The two ways to the image agree; that it runs is shown by {@code deploy/docker/boot-image.sh}. */
@Tag("once")
class ImageTest {
  private static final Path DOCKER = Yaml.DEPLOY.resolve("docker");
  private static final String DOCKERFILE = Yaml.read(DOCKER.resolve("Dockerfile"));

  @Test
  void theDockerfileMakesTheImageThatMavenMakes() throws Exception {
    Element container = jibContainer();

    assertThat(words(instruction("ENTRYPOINT"))).isEqualTo(texts(container, "arg"));
    assertThat(instruction("USER")).isEqualTo(texts(container, "user").get(0));
    assertThat(instruction("WORKDIR"))
        .isEqualTo(texts(container, "workingDirectory").get(0));
    assertThat(List.of(instruction("EXPOSE").split(" "))).isEqualTo(texts(container, "port"));
    assertThat(instruction("VOLUME")).isEqualTo(texts(container, "volume").get(0));
    assertThat(instruction("ENV"))
        .isEqualTo("DATA_DIR=" + texts(container, "DATA_DIR").get(0));
  }

  @Test
  void noImageStartsAJvmToAskForHealth() throws Exception {
    assertThat(DOCKERFILE).doesNotContainPattern("(?m)^HEALTHCHECK");
    assertThat(texts(jibContainer(), "healthcheck")).isEmpty();
  }

  @Test
  void theOptionsNameNoCacheThatStageDoesNotMake() {
    assertThat(Yaml.read(DOCKER.resolve("jvm.options"))).doesNotContain("-XX:AOTCache");
    assertThat(Yaml.read(DOCKER.resolve("stage.sh"))).contains("-XX:AOTCache=/app/todo-api.aot");
  }

  @Test
  void baseImagesAreArgumentsAndWhatIsCopiedIsThere() {
    Matcher from = Pattern.compile("(?m)^FROM (\\S+)").matcher(DOCKERFILE);
    List<String> bases = new ArrayList<>();
    while (from.find()) {
      bases.add(from.group(1));
    }
    assertThat(bases).containsExactly("${BUILD_IMAGE}", "${RUNTIME_IMAGE}");
    assertThat(DOCKERFILE)
        .containsPattern("(?m)^ARG BUILD_IMAGE=")
        .containsPattern("(?m)^ARG RUNTIME_IMAGE=");

    Matcher ours = Pattern.compile("reference-todo-app/(deploy/[\\w/.-]+\\w)").matcher(DOCKERFILE);
    Set<String> files = new TreeSet<>();
    while (ours.find()) {
      files.add(ours.group(1));
    }
    assertThat(files).contains("deploy/docker/stage.sh");
    assertThat(files).allSatisfy(file -> assertThat(Path.of(file)).exists());
  }

  @Test
  void everyModuleOfTheBuildIsInTheContextOfTheDockerfile() throws IOException {
    List<String> context = Files.readAllLines(DOCKER.resolve("Dockerfile.dockerignore"));
    Matcher module =
        Pattern.compile("<module>([^<]+)</module>").matcher(Yaml.read(Path.of("../pom.xml")));
    List<String> modules = new ArrayList<>();
    while (module.find()) {
      modules.add(module.group(1));
    }

    assertThat(modules).isNotEmpty();
    assertThat(modules)
        .allSatisfy(name -> assertThat(context)
            .anyMatch(line -> line.equals("!" + name)
                || line.equals("!" + name + "/pom.xml")
                || (line.equals("!toolkit-*") && name.startsWith("toolkit-"))));
  }

  private static String instruction(String name) {
    String runtimeStage = DOCKERFILE.substring(DOCKERFILE.indexOf("FROM ${RUNTIME_IMAGE}"));
    Matcher line = Pattern.compile("(?m)^" + name + " (.+)$").matcher(runtimeStage);
    assertThat(line.find()).as(name).isTrue();
    return line.group(1);
  }

  private static List<String> words(String array) {
    Matcher word = Pattern.compile("\"([^\"]*)\"").matcher(array);
    List<String> words = new ArrayList<>();
    while (word.find()) {
      words.add(word.group(1));
    }
    return words;
  }

  private static Element jibContainer() throws Exception {
    NodeList containers = DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(Path.of("pom.xml").toFile())
        .getElementsByTagName("container");
    assertThat(containers.getLength()).isEqualTo(1);
    return (Element) containers.item(0);
  }

  private static List<String> texts(Element element, String name) {
    NodeList found = element.getElementsByTagName(name);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < found.getLength(); i++) {
      texts.add(found.item(i).getTextContent());
    }
    return texts;
  }
}
