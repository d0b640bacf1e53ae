@echo off
rem Runs Maven, which it downloads once from Apache's own archive into %USERPROFILE%\.m2\wrapper, and checks.
setlocal
set "BASE=%~dp0"
for /f "usebackq tokens=1,* delims==" %%a in ("%BASE%.mvn\wrapper\maven-wrapper.properties") do (
  if "%%a"=="distributionUrl" set "URL=%%b"
  if "%%a"=="distributionSha512Sum" set "SHA512=%%b"
)
for %%f in ("%URL%") do set "FILE=%%~nxf"
set "NAME=%FILE:-bin.zip=%"
set "DISTS=%USERPROFILE%\.m2\wrapper\dists"
if not exist "%DISTS%\%NAME%\bin\mvn.cmd" (
  if not exist "%DISTS%" mkdir "%DISTS%"
  curl -fsSL -o "%DISTS%\%FILE%" "%URL%" || exit /b 1
  certutil -hashfile "%DISTS%\%FILE%" SHA512 | findstr /x /i "%SHA512%" > nul || (
    echo mvnw: %FILE% is not what it should be 1>&2
    del "%DISTS%\%FILE%"
    exit /b 1
  )
  tar -xf "%DISTS%\%FILE%" -C "%DISTS%" || exit /b 1
  del "%DISTS%\%FILE%"
)
"%DISTS%\%NAME%\bin\mvn.cmd" %*
