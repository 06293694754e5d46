# SPDX-License-Identifier: BSD-3-Clause
# embed.awk - a text as a C string called `name`: preprocessed kernels for the OpenCL compiler
BEGIN {
	print "/* generated: kernels as core/opencl-program.c needs them */"
	print "extern const char " name "[];"
	print "const char " name "[] ="
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	print "\t\"" $0 "\\n\""
}
END {
	print "\t\"\";"
}
