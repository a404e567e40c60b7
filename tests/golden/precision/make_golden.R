# Golden tables of tests/quality/test_precision.py: variance components by REML (lme4).
# Run in this folder: Rscript make_golden.R
# R and lme4: see versions.csv, written below. The values are made up (fixed seed).
# Written with 17 significant digits.

suppressPackageStartupMessages(library(lme4))

exact <- function(frame, path) {
  for (name in names(frame)) {
    if (is.double(frame[[name]])) {
      frame[[name]] <- trimws(formatC(frame[[name]], digits = 17, format = "g"))
    }
  }
  write.csv(frame, path, row.names = FALSE, quote = FALSE)
}

versions <- data.frame(
  package = c("R", "lme4"),
  version = c(as.character(getRversion()), as.character(packageVersion("lme4"))))
write.csv(versions, "versions.csv", row.names = FALSE, quote = FALSE)

# 20 days x 2 runs x 2, as in CLSI EP05-A3; with the second seed the variance of runs
# is estimated as 0.
ep05 <- function(seed) {
  set.seed(seed)
  one <- expand.grid(replicate = 1:2, run = 1:2, day = 1:20)
  one$specimen <- "control"
  one$operator <- "A"
  one$value <- 244 + rnorm(20, 0, 1.4)[one$day] +
    rnorm(40, 0, 1.75)[(one$day - 1) * 2 + one$run] + rnorm(80, 0, 2.8)
  one
}

set.seed(20)
# Unbalanced: aliquots of nine specimens, stained on some of six days, in two runs a day.
two <- expand.grid(replicate = 1:2, occasion = 1:3, specimen = paste0("S", 1:9))
number <- as.integer(factor(two$specimen))
two$day <- (2 * number + two$occasion * (1 + number %% 2)) %% 6 + 1
two$run <- 1 + (number + two$occasion) %% 2
two$operator <- "A"
two$value <- rnorm(9, 0.7, 0.1)[number] + rnorm(6, 0, 0.03)[two$day] +
  rnorm(12, 0, 0.02)[two$day + 6 * (two$run - 1)] + rnorm(nrow(two), 0, 0.02)
two <- two[runif(nrow(two)) > 0.2, ]

# Crossed: operators read the same days; the operator is a fixed bias.
three <- expand.grid(replicate = 1:2, operator = c("A", "B", "C"), day = 1:8)
three <- three[-c(3, 17, 30), ]
three$run <- 1
three$specimen <- "control"
three$value <- c(A = 0, B = 0.4, C = -0.2)[as.character(three$operator)] +
  rnorm(8, 5, 0.5)[three$day] +
  rnorm(24, 0, 0.3)[as.integer(interaction(three$day, three$operator))] +
  rnorm(nrow(three), 0, 0.25)

columns <- c("design", "specimen", "day", "run", "operator", "replicate", "value")
values <- rbind(
  cbind(design = "ep05", ep05(7))[columns],
  cbind(design = "boundary", ep05(20))[columns],
  cbind(design = "unbalanced", two)[columns],
  cbind(design = "crossed", three)[columns])
exact(values, "values.csv")

tight <- lmerControl(
  optimizer = "nloptwrap", calc.derivs = FALSE,
  optCtrl = list(algorithm = "NLOPT_LN_BOBYQA", xtol_rel = 0, ftol_rel = 0,
                 xtol_abs = 1e-13, ftol_abs = 1e-15, maxeval = 1e6))
models <- list(
  ep05 = value ~ 1 + (1 | day) + (1 | day:run),
  boundary = value ~ 1 + (1 | day) + (1 | day:run),
  unbalanced = value ~ 0 + specimen + (1 | day) + (1 | day:run),
  crossed = value ~ operator + (1 | day) + (1 | day:operator))
names_of <- list(
  ep05 = c(day = "day", "day:run" = "run"),
  boundary = c(day = "day", "day:run" = "run"),
  unbalanced = c(day = "day", "day:run" = "run"),
  crossed = c(day = "day", "day:operator" = "day x operator"))
rows <- NULL
for (name in names(models)) {
  data <- values[values$design == name, ]
  for (column in c("day", "run", "operator", "specimen")) data[[column]] <- factor(data[[column]])
  fit <- lmer(models[[name]], data = data, REML = TRUE, control = tight)
  found <- as.data.frame(VarCorr(fit))
  labels <- c(names_of[[name]], Residual = "repeatability")
  rows <- rbind(rows, data.frame(
    design = name, component = unname(labels[found$grp]), variance = found$vcov,
    criterion = as.numeric(REMLcrit(fit))))
}
exact(rows, "components.csv")
