# Golden tables of tests/longitudinal, from base R alone (stats: t.test, p.adjust).
# Run in this folder: Rscript make_golden.R
# The values are made up. Written with 17 significant digits.

cases <- list(
  five_v_seven = list(
    responder = c(0.071, 0.094, 0.043, 0.112, 0.066),
    other = c(0.012, -0.031, 0.024, 0.003, -0.008, 0.041, -0.017)),
  four_v_five = list(
    responder = c(1.31, -0.42, 2.75, 0.93),
    other = c(-0.12, 0.55, -1.07, 0.34, 0.21)),
  three_v_three = list(
    responder = c(10.5, 12.25, 9.75),
    other = c(8.5, 11.0, 9.25)),
  unequal_spread = list(
    responder = c(120, -310, 455, 80, -95),
    other = c(11, 14, 9, 12.5, 10, 13, 8)),
  tied = list(
    responder = c(2, 1, 2, 2, 0),
    other = c(0, 1, 0, 0, 1, 2)),
  flat_allocations = list(
    responder = c(1, 1, 1, 2),
    other = c(0, 0, 0, 1, 0)),
  tiny_units = list(
    responder = c(1.5e-9, 2.25e-9, 0.75e-9),
    other = c(-0.5e-9, 0.25e-9, 1e-9, 0.125e-9)))

exact <- function(frame, path) {
  for (name in names(frame)) {
    if (is.double(frame[[name]])) {
      frame[[name]] <- trimws(formatC(frame[[name]], digits = 17, format = "g"))
    }
  }
  write.csv(frame, path, row.names = FALSE, quote = FALSE)
}

values <- do.call(rbind, lapply(names(cases), function(case) {
  one <- cases[[case]]
  data.frame(case = case,
             label = rep(c("responder", "non-responder"), lengths(one)),
             change = as.double(unlist(one, use.names = FALSE)))
}))
exact(values, "values.csv")

welch <- do.call(rbind, lapply(names(cases), function(case) {
  do.call(rbind, lapply(c(0.95, 0.9), function(confidence) {
    found <- t.test(cases[[case]]$responder, cases[[case]]$other,
                    conf.level = confidence)
    data.frame(case = case, confidence = confidence,
               estimate = unname(found$estimate[1] - found$estimate[2]),
               low = found$conf.int[1], high = found$conf.int[2],
               df = unname(found$parameter), t = unname(found$statistic),
               p = found$p.value)
  }))
}))
exact(welch, "welch.csv")

means <- do.call(rbind, lapply(names(cases), function(case) {
  do.call(rbind, lapply(c("responder", "other"), function(group) {
    found <- t.test(cases[[case]][[group]])
    data.frame(case = case,
               label = if (group == "responder") group else "non-responder",
               mean = unname(found$estimate),
               low = found$conf.int[1], high = found$conf.int[2])
  }))
}))
exact(means, "mean_interval.csv")

p <- welch$p[welch$confidence == 0.95]
# With fewer than four in a group there is no test.
p[sapply(cases, function(case) min(lengths(case)) < 4)] <- NA
exact(data.frame(case = names(cases), p = p,
                 p_adjusted = p.adjust(p, method = "BH")), "adjusted.csv")

# The permutation by brute force: all allocations by combn, one in each row.
permuted <- function(a, b) {
  x <- c(a, b)
  n <- length(x)
  first <- t(combn(n, length(a), function(chosen) seq_len(n) %in% chosen)) * 1
  x_in_rows <- matrix(x, nrow(first), n, byrow = TRUE)
  error_of <- function(weight, size, mean) {
    rowSums(weight * (x_in_rows - mean)^2) / (size - 1) / size
  }
  mean_a <- drop(first %*% x) / length(a)
  mean_b <- drop((1 - first) %*% x) / length(b)
  difference <- mean_a - mean_b
  error <- sqrt(error_of(first, length(a), mean_a) +
                error_of(1 - first, length(b), mean_b))
  nothing <- 1e-10 * diff(range(x))
  difference[abs(difference) <= nothing] <- 0
  every <- ifelse(error > nothing, abs(difference) / error,
                  ifelse(difference == 0, 0, Inf))
  observed <- every[1] # combn starts with the first length(a)
  c(p = mean(every >= observed * (1 - 1e-11)),
    smallest_p = mean(every >= max(every) * (1 - 1e-11)),
    allocations = length(every))
}
# The outermost shift with p above alpha: a scan inwards, then halving.
end <- function(a, b, alpha, direction) {
  p_at <- function(shift) permuted(a - shift, b)[["p"]]
  centre <- mean(a) - mean(b)
  width <- 40 * sqrt(var(a) / length(a) + var(b) / length(b))
  if (p_at(centre + direction * 1000 * width) > alpha) return(direction * Inf)
  steps <- seq(1, 0, length.out = 2001)
  outside <- centre + direction * width
  for (step in steps) {
    inside <- centre + direction * width * step
    if (p_at(inside) > alpha) break
    outside <- inside
  }
  for (turn in 1:80) {
    middle <- (inside + outside) / 2
    if (p_at(middle) > alpha) inside <- middle else outside <- middle
  }
  inside
}
permutation <- do.call(rbind, lapply(names(cases), function(case) {
  one <- cases[[case]]
  found <- permuted(one$responder, one$other)
  data.frame(case = case, p = found[["p"]], smallest_p = found[["smallest_p"]],
             allocations = found[["allocations"]],
             low = end(one$responder, one$other, 0.05, -1),
             high = end(one$responder, one$other, 0.05, 1))
}))
exact(permutation, "permutation.csv")
